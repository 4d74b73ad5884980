//! A core to run a kernel on: memory, and services that write down what they are told.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{fs, ptr, slice};

use ascendc_twin::abi::{self, Call, Core, Image, Kernel, Range, Services, core_kind, space};
use ascendc_twin::container::{self, Isa};

/// Usable bytes of each memory on arch 2201.
const SIZES: [u32; space::COUNT] = [0, 192 * 1024 - 256, 512 * 1024 - 256, 65536, 65536, 131072, 1024, 2048];

/// What a checked image has told.
#[derive(Debug, Default)]
pub struct Told {
    pub findings: Vec<Finding>,
    pub calls: Vec<(String, u32, Vec<Range>)>,
    pub events: Vec<String>,
    pub printed: String,
    pub cube_macs: u64,
    /// A word that the host sets to 1 at the third call of `yield`, and the calls.
    pub flag: u64,
    pub yields: u32,
}

#[derive(Debug)]
pub struct Finding {
    pub call: String,
    pub line: u32,
    pub rule: String,
    pub message: String,
}

/// Memory that a kernel may write.
pub struct Memory {
    words: Vec<UnsafeCell<u64>>,
    len: usize,
}

impl Memory {
    pub fn new(bytes: &[u8]) -> Memory {
        Memory { words: padded(bytes).into_iter().map(UnsafeCell::new).collect(), len: bytes.len() }
    }

    pub fn zeros(len: usize) -> Memory {
        Memory::new(&vec![0; len])
    }

    pub fn address(&self) -> u64 {
        self.words.as_ptr() as u64
    }

    /// What is there now. No kernel runs.
    pub fn bytes(&self) -> Vec<u8> {
        // SAFETY: no kernel runs, so nothing writes.
        let words: Vec<u64> = self.words.iter().map(|word| unsafe { *word.get() }).collect();
        unpadded(&words, self.len)
    }
}

/// Which core runs a program.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub kind: u32,
    pub block: u32,
    pub blocks: u32,
    pub sub_block: u32,
    pub sub_blocks: u32,
}

impl Place {
    /// The one block of a launch.
    pub fn only(kind: u32) -> Place {
        Place { kind, block: 0, blocks: 1, sub_block: 0, sub_blocks: 1 }
    }
}

/// A source's images, loaded.
pub struct Loaded {
    images: Vec<(Isa, bool, *const Image)>,
}

// SAFETY: the images are read-only and never unloaded.
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

/// The images of `tests/kernels/NAME.cpp`, built once a process.
pub fn load(name: &str) -> &'static Loaded {
    static LOADED: OnceLock<Mutex<HashMap<String, &'static Loaded>>> = OnceLock::new();
    let mut loaded = LOADED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = loaded.get(name) {
        return known;
    }
    let new: &'static Loaded = Box::leak(Box::new(build(name)));
    loaded.insert(name.to_owned(), new);
    new
}

fn build(name: &str) -> Loaded {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&out).unwrap();
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/kernels/{name}.cpp"));
    ascendc_twin::build::Kernel::new(source)
        .out_dir(&out)
        // What does not run here is compiled once, to see that it can be.
        .instruction_sets(Isa::ALL.iter().copied().filter(|isa| isa.runs_here() || name == "copies"))
        .try_build()
        .unwrap_or_else(|error| panic!("{error}"));
    let bytes = fs::read(out.join(format!("{name}-twin/image.bin"))).unwrap();
    let images = container::read(&bytes).unwrap().into_iter().filter(|variant| variant.isa.runs_here()).map(|variant| {
        let file = out.join(format!("{:?}-{}.so", variant.isa, variant.checked));
        fs::write(&file, variant.object).unwrap();
        // SAFETY: an image that the helper has built; its one symbol is of this type. It stays loaded.
        unsafe {
            let library = Box::leak(Box::new(libloading::Library::new(&file).unwrap()));
            let image = library.get::<abi::ImageFn>(abi::SYMBOL.as_bytes()).unwrap()();
            assert_eq!((*image).abi, abi::ABI);
            assert_eq!((*image).checked, u32::from(variant.checked));
            (variant.isa, variant.checked, image)
        }
    });
    Loaded { images: images.collect() }
}

impl Loaded {
    /// The kernels' names.
    pub fn names(&self) -> Vec<String> {
        let (_, _, image) = self.images[0];
        kernels(image).iter().map(|kernel| text(kernel.name)).collect()
    }

    /// What the image says of a kernel.
    pub fn kernel(&self, name: &str) -> &'static Kernel {
        find(self.images[0].2, name)
    }

    /// Runs a kernel in the checked image, on one vector core.
    pub fn check(&self, kernel: &str, args: &[u64]) -> Told {
        self.check_on(kernel, args, core_kind::AIV)
    }

    /// Runs a kernel in the checked image.
    pub fn check_on(&self, kernel: &str, args: &[u64], kind: u32) -> Told {
        let (_, _, image) = *self.images.iter().find(|(_, checked, _)| *checked).unwrap();
        run(image, kernel, args, Place::only(kind)).1
    }

    /// Runs a kernel in the checked image, on one core of many.
    pub fn check_at(&self, kernel: &str, args: &[u64], place: Place) -> Told {
        let (_, _, image) = *self.images.iter().find(|(_, checked, _)| *checked).unwrap();
        run(image, kernel, args, place).1
    }

    /// Runs a kernel in the best fast image.
    pub fn fast(&self, kernel: &str, args: &[u64]) -> Told {
        let (_, _, image) = *self.images.iter().rfind(|(_, checked, _)| !checked).unwrap();
        let (answer, told) = run(image, kernel, args, Place::only(core_kind::AIV));
        assert_eq!(answer, 0);
        told
    }

    /// Runs a kernel that takes buffers and plain words, `buffers` first, in each fast image that this machine runs and in the
    /// checked one, which must have nothing to say; each time from the same contents. What the buffers hold then.
    pub fn results(&self, kernel: &str, buffers: &[&[u8]], words: &[u64]) -> Vec<(String, Vec<Vec<u8>>)> {
        self.results_on(core_kind::AIV, kernel, buffers, words)
    }

    /// The same on a core of a kind.
    pub fn results_on(&self, kind: u32, kernel: &str, buffers: &[&[u8]], words: &[u64]) -> Vec<(String, Vec<Vec<u8>>)> {
        let run = |&(isa, checked, image): &(Isa, bool, *const Image)| {
            let data: Vec<Memory> = buffers.iter().map(|bytes| Memory::new(bytes)).collect();
            let args: Vec<u64> = data.iter().map(Memory::address).chain(words.iter().copied()).collect();
            let (answer, told) = run(image, kernel, &args, Place::only(kind));
            assert!(answer == 0 && told.findings.is_empty(), "{kernel}, {isa:?}: {answer} {:?}", told.findings);
            let bytes = data.iter().map(Memory::bytes).collect();
            (format!("{kernel}, {isa:?}{}", if checked { ", checked" } else { "" }), bytes)
        };
        self.images.iter().map(run).collect()
    }
}

fn padded(bytes: &[u8]) -> Vec<u64> {
    let word = |chunk: &[u8]| u64::from_ne_bytes(std::array::from_fn(|i| chunk.get(i).copied().unwrap_or(0)));
    bytes.chunks(8).map(word).collect()
}

fn unpadded(words: &[u64], len: usize) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).take(len).collect()
}

fn kernels(image: *const Image) -> &'static [Kernel] {
    // SAFETY: the image's tables are as its counts say, and it is never unloaded.
    unsafe { slice::from_raw_parts((*image).kernels, (*image).kernel_count as usize) }
}

fn find(image: *const Image, name: &str) -> &'static Kernel {
    kernels(image).iter().find(|kernel| text(kernel.name) == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Arguments are multiples of eight bytes here.
fn run(image: *const Image, name: &str, args: &[u64], place: Place) -> (i32, Told) {
    let kernel = find(image, name);
    assert_eq!(kernel.args_size.next_multiple_of(8) as usize, size_of_val(args), "{name}");
    let mut told = Told { flag: if name == "polling" { args[0] } else { 0 }, ..Told::default() };
    let mut memories: Vec<Vec<u64>> = SIZES.iter().map(|&size| vec![0x7fc1_7fc1_7fc1_7fc1; size as usize / 8 + 8]).collect();
    let mut memory = [ptr::null_mut(); space::COUNT];
    for (at, bytes) in memories.iter_mut().enumerate().skip(1) {
        let cube = at != usize::from(space::UB);
        if cube == (place.kind == core_kind::AIC) {
            memory[at] = bytes.as_mut_ptr().cast::<u8>();
        }
    }
    let mut core = Core {
        services: &SERVICES,
        host: (&raw mut told).cast::<c_void>(),
        memory,
        size: SIZES,
        kind: place.kind,
        block: place.block,
        blocks: place.blocks,
        sub_block: place.sub_block,
        sub_blocks: place.sub_blocks,
        // SAFETY: a valid image.
        checked: unsafe { (*image).checked },
        cycles: 7,
        state: ptr::null_mut(),
    };
    // SAFETY: the core and the arguments live for the call.
    let answer = unsafe { (kernel.run)(&raw mut core, args.as_ptr().cast()) };
    (answer, told)
}

fn told<'a>(core: *mut Core) -> &'a mut Told {
    // SAFETY: `host` is the `Told` of the run that calls.
    unsafe { &mut *(*core).host.cast::<Told>() }
}

fn text(text: *const c_char) -> String {
    // SAFETY: null, or a C string.
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}

const PIPES: [&str; 8] = ["S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"];

unsafe extern "C" fn call(core: *mut Core, call: *const Call) -> i32 {
    // SAFETY: the record and its ranges are valid for the call.
    let (call, ranges) = unsafe { (&*call, slice::from_raw_parts((*call).ranges, (*call).range_count as usize)) };
    told(core).cube_macs += call.cube_macs;
    told(core).calls.push((text(call.name), call.pipe, ranges.to_vec()));
    0
}

unsafe extern "C" fn finding(
    core: *mut Core,
    call: *const c_char,
    _: *const c_char,
    line: u32,
    rule: *const c_char,
    message: *const c_char,
) -> i32 {
    told(core).findings.push(Finding { call: text(call), line, rule: text(rule), message: text(message) });
    1
}

unsafe extern "C" fn set_flag(core: *mut Core, from: u32, to: u32, id: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push(format!("set {}_{} {id}", PIPES[from as usize], PIPES[to as usize]));
    0
}

unsafe extern "C" fn wait_flag(core: *mut Core, from: u32, to: u32, id: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push(format!("wait {}_{} {id}", PIPES[from as usize], PIPES[to as usize]));
    0
}

unsafe extern "C" fn pipe_barrier(core: *mut Core, pipe: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push(format!("barrier {}", PIPES[pipe as usize]));
    0
}

unsafe extern "C" fn forget(_: *mut Core, _: u32, _: u32, _: u32) -> i32 {
    0
}

unsafe extern "C" fn sync_all(core: *mut Core, _: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push("sync all".to_owned());
    0
}

unsafe extern "C" fn cross_set(core: *mut Core, mode: u32, pipe: u32, id: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push(format!("cross set mode {mode} {} {id}", PIPES[pipe as usize]));
    0
}

unsafe extern "C" fn cross_wait(core: *mut Core, id: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push(format!("cross wait {id}"));
    0
}

unsafe extern "C" fn r#yield(core: *mut Core) -> i32 {
    let told = told(core);
    told.yields += 1;
    if told.yields == 3 && told.flag != 0 {
        // SAFETY: the first argument of a kernel that polls it.
        unsafe { *(told.flag as *mut u32) = 1 };
    }
    0
}

unsafe extern "C" fn cache(core: *mut Core, _: u64, entire: u32, _: *const c_char, _: u32) -> i32 {
    told(core).events.push(format!("cache {}", if entire != 0 { "entire" } else { "line" }));
    0
}

unsafe extern "C" fn memory_barrier(core: *mut Core, kind: u32) -> i32 {
    told(core).events.push(format!("memory barrier {kind}"));
    0
}

unsafe extern "C" fn print(core: *mut Core, message: *const c_char, length: u32) {
    // SAFETY: `length` bytes.
    let bytes = unsafe { slice::from_raw_parts(message.cast::<u8>(), length as usize) };
    told(core).printed += &String::from_utf8_lossy(bytes);
}

static SERVICES: Services = Services {
    abi: abi::ABI,
    size: size_of::<Services>() as u32,
    call,
    finding,
    set_flag,
    wait_flag,
    pipe_barrier,
    forget,
    sync_all,
    cross_set,
    cross_wait,
    r#yield,
    cache_clean_invalidate: cache,
    memory_barrier,
    print,
};
