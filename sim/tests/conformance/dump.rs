//! Dumps of operators (runtime, 18_dump_configuration): to files, to a function, of arguments, of what a program saves itself. What a
//! file says is read here by a few lines of their own, after the description of its header (`dump_task.proto`).

use std::ffi::CString;
use std::path::{Path, PathBuf};

use super::*;

/// A folder of the test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("cann-sim-dump-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    /// A file with a configuration, and its name as C takes it.
    fn config(&self, dump: &str) -> CString {
        let file = self.0.join("acl.json");
        let text = format!(r#"{{"dump": {{"dump_path": "{}", {dump}}}}}"#, self.0.join("out").display());
        std::fs::write(&file, text).unwrap();
        c(&file)
    }

    /// All files below a folder of it.
    fn files(&self, below: &str) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.0.join(below)]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
            }
        }
        found.sort();
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn c(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

fn text(pointer: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: null, or a C string that lives until the next call.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned())
}

/// A field of a message: its number, and a number or bytes.
type Field<'a> = (u64, u64, &'a [u8]);

fn fields(mut bytes: &[u8]) -> Vec<Field<'_>> {
    fn number(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = number(&mut bytes);
        let value = number(&mut bytes);
        let mut inner = &bytes[..0];
        if key & 7 == 2 {
            (inner, bytes) = bytes.split_at(value as usize);
        }
        found.push((key >> 3, value, inner));
    }
    found
}

/// What a tensor of a file is: the field of the header, dtype, dims, and its data as numbers.
type Dumped = (u64, u64, Vec<u8>, Vec<f32>);

/// The name that a file says, and its tensors in the order of the data.
fn read(bytes: &[u8]) -> (String, Vec<Dumped>) {
    let (length, rest) = bytes.split_at(8);
    let (header, mut data) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
    let header = fields(header);
    let name = header.iter().find(|field| field.0 == 6).map(|field| String::from_utf8(field.2.to_vec()).unwrap());
    assert!(
        header.iter().any(|field| field.0 == 1 && field.2 == b"2.0") && header.iter().any(|field| field.0 == 2 && field.1 > 0)
    );
    let mut tensors = Vec::new();
    // Inputs (4) come first in the data, then outputs (3).
    for (kind, size_field) in [(4, 5), (3, 6)] {
        for (_, _, message) in header.iter().filter(|field| field.0 == kind) {
            let message = fields(message);
            let of = |wanted: u64| message.iter().find(|field| field.0 == wanted).copied().unwrap_or((wanted, 0, &[]));
            let dims = fields(of(3).2)[0].2.to_vec();
            let (own, behind) = data.split_at(of(size_field).1 as usize);
            data = behind;
            let numbers = own.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
            tensors.push((kind, of(1).1, dims, numbers));
        }
    }
    assert!(data.is_empty());
    (name.unwrap_or_default(), tensors)
}

const X: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

/// x + y with x a transposed view; the sum is written over y. x is [2, 3] seen as [3, 2].
fn add(stream: aclrtStream) {
    let (x, y) = (upload(&X), upload(&[10f32; 6]));
    let tensor = |dims: [i64; 2], strides: [i64; 2], memory| {
        call!(nn.aclCreateTensor(dims.as_ptr(), 2, ACL_FLOAT, strides.as_ptr(), 0, ACL_FORMAT_ND, dims.as_ptr(), 2, memory))
    };
    let (left, right, out) = (tensor([3, 2], [1, 3], x), tensor([3, 2], [2, 1], y), tensor([3, 2], [2, 1], y));
    let mut one = 1f32;
    let alpha = call!(nn.aclCreateScalar((&raw mut one).cast(), ACL_FLOAT));
    let op = api().ops.aclnnAdd.expect("the simulator has every row");
    let (mut bytes, mut executor) = (0, null_mut());
    // SAFETY: live descriptors and variables.
    assert_eq!(unsafe { (op.plan)(left, right, alpha, out, &mut bytes, &mut executor) }, 0, "{}", recent());
    // SAFETY: a fresh executor; the operator needs no workspace.
    assert_eq!(unsafe { (op.run)(null_mut(), bytes, executor, stream) }, 0, "{}", recent());
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(y, 6), [11.0, 14.0, 12.0, 15.0, 13.0, 16.0], "as without a dump");
}

/// What the file of [`add`] says with all tensors.
fn all_of_add() -> Vec<Dumped> {
    let dims = vec![3, 2];
    vec![
        (4, 1, dims.clone(), vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
        (4, 1, dims.clone(), vec![10.0; 6]),
        (3, 1, dims, vec![11.0, 14.0, 12.0, 15.0, 13.0, 16.0]),
    ]
}

// 18: aclmdlInitDump, aclmdlSetDump, aclmdlFinalizeDump; a file an operator at TIME/DEVICE/TYPE.NAME.TASK.STREAM.TIME, of outputs unless
// dump_mode says otherwise. toolchain/dump.cpp: the order of the calls.
#[test]
fn data_of_operators() {
    if !in_child("dump::data_of_operators", &[]) {
        return;
    }
    let folder = Folder::new("data");
    refused!(100001, "aclInit was not called", single?.aclmdlInitDump());
    ok!(acl.aclInit(std::ptr::null()));
    ok!(acl.aclrtSetDevice(1));
    let stream = new_stream();
    let config = folder.config(r#""dump_op_switch": "on", "dump_list": [{}], "dump_mode": "all""#);
    refused!(100045, "not on", single?.aclmdlSetDump(config.as_ptr()));
    refused!(100045, "not on", single?.aclmdlFinalizeDump());
    ok!(single?.aclmdlInitDump());
    refused!(100002, "on already", single?.aclmdlInitDump());
    refused!(100000, "dumpCfgPath is null", single?.aclmdlSetDump(std::ptr::null()));
    refused!(100003, "cannot be read", single?.aclmdlSetDump(c"/nowhere/acl.json".as_ptr()));
    assert_eq!(text(call!(single?.acldumpGetPath(DATA_DUMP))), None);
    ok!(single?.aclmdlSetDump(config.as_ptr()));
    let path = text(call!(single?.acldumpGetPath(DATA_DUMP))).unwrap();
    assert!(path.starts_with(folder.0.join("out").to_str().unwrap()) && Path::new(&path).is_dir(), "{path}");
    assert_eq!(text(call!(single?.acldumpGetPath(AIC_ERR_BRIEF_DUMP))), None);
    add(stream);
    let files = folder.files("out");
    assert_eq!(files.len(), 1, "{files:?}");
    let relative = files[0].strip_prefix(&path).unwrap().to_str().unwrap();
    let parts: Vec<&str> = relative.split('.').collect();
    assert_eq!((parts.len(), parts[0], parts[1]), (5, "1/Add", "Add"), "{relative}");
    assert!(parts[2..].iter().all(|part| part.parse::<u64>().is_ok()), "{relative}");
    assert_eq!(read(&std::fs::read(&files[0]).unwrap()), ("Add".into(), all_of_add()));
    // Another configuration counts from then on: outputs alone.
    ok!(single?.aclmdlSetDump(folder.config(r#""dump_op_switch": "on""#).as_ptr()));
    add(stream);
    let outputs = folder.files("out").into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>();
    assert_eq!(read(&std::fs::read(&outputs[0]).unwrap()).1, all_of_add()[2..]);
    ok!(single?.aclmdlFinalizeDump());
    add(stream);
    assert_eq!(folder.files("out").len(), 2, "off again");
    // From the beginning on.
    ok!(acl.aclFinalize());
}

// 02_initialization: aclInit takes the same key; a mistake in it is 100009.
#[test]
fn a_dump_from_the_beginning() {
    if !in_child("dump::a_dump_from_the_beginning", &[]) {
        return;
    }
    let folder = Folder::new("init");
    refused!(100009, "dump_mode", acl.aclInit(folder.config(r#""dump_mode": "some""#).as_ptr()));
    refused!(200006, "dump_debug", acl.aclInit(folder.config(r#""dump_debug": "on""#).as_ptr()));
    ok!(acl.aclInit(folder.config(r#""dump_op_switch": "on", "dump_mode": "input""#).as_ptr()));
    ok!(acl.aclrtSetDevice(0));
    add(new_stream());
    let files = folder.files("out");
    assert_eq!(read(&std::fs::read(&files[0]).unwrap()).1, all_of_add()[..2]);
}

/// The file, whether it is its last piece, where the piece belongs, and the piece.
type Piece = (String, u32, i64, Vec<u8>);

static PIECES: Mutex<Vec<Piece>> = Mutex::new(Vec::new());

unsafe extern "C" fn take(chunk: *const acldumpChunk, length: i32) -> i32 {
    // SAFETY: what the simulator passes: a head, and as many bytes as it says behind `dataBuf`.
    let (head, data) = unsafe {
        let data = chunk.cast::<u8>().add(std::mem::offset_of!(acldumpChunk, dataBuf));
        (&*chunk, std::slice::from_raw_parts(data, (*chunk).bufLen as usize))
    };
    assert_eq!(length as usize, size_of::<acldumpChunk>() + data.len());
    let name = text(head.fileName.as_ptr()).unwrap();
    PIECES.lock().unwrap().push((name, head.isLastChunk, head.offset, data.to_vec()));
    0
}

unsafe extern "C" fn refuse(_: *const acldumpChunk, _: i32) -> i32 {
    7
}

// 18 (acldumpRegCallback): with a function there are no files; without a configuration it gets the outputs once dumps are on.
#[test]
fn a_dump_to_a_function() {
    if !in_child("dump::a_dump_to_a_function", &[]) {
        return;
    }
    let folder = Folder::new("function");
    ok!(acl.aclInit(folder.config(r#""dump_op_switch": "on", "dump_mode": "all""#).as_ptr()));
    ok!(acl.aclrtSetDevice(0));
    let stream = new_stream();
    refused!(500001, "messageCallback is null", single?.acldumpRegCallback(None, 0));
    refused!(500001, "flag is 1", single?.acldumpRegCallback(Some(take), 1));
    ok!(single?.acldumpRegCallback(Some(take), 0));
    add(stream);
    let pieces = std::mem::take(&mut *PIECES.lock().unwrap());
    let [(name, 1, 0, bytes)] = &pieces[..] else { panic!("{pieces:?}") };
    assert!(name.contains("/0/Add.Add."), "{name}");
    assert_eq!(read(bytes), ("Add".into(), all_of_add()));
    assert!(folder.files("out").is_empty());
    // A function that refuses fails the task.
    ok!(single?.acldumpRegCallback(Some(refuse), 0));
    let x = upload(&X);
    let tensor = executor::tensor(x, 6);
    assert_eq!(executor::run(executor::plan(tensor), stream).0, 0);
    refused!(507015, "it gives 7", acl.aclrtSynchronizeStream(stream));
    call!(single?.acldumpUnregCallback());
    add(stream);
    assert_eq!((folder.files("out").len(), PIECES.lock().unwrap().len()), (1, 0), "to files again");
    ok!(acl.aclFinalize());
}

// 18: aclInit, aclmdlInitDump, acldumpRegCallback: no configuration is needed. A long file comes in pieces.
#[test]
fn a_function_alone() {
    if !in_child("dump::a_function_alone", &[]) {
        return;
    }
    ok!(acl.aclInit(std::ptr::null()));
    ok!(acl.aclrtSetDevice(0));
    let stream = new_stream();
    ok!(single?.acldumpRegCallback(Some(take), 0));
    add(stream);
    assert!(PIECES.lock().unwrap().is_empty(), "dumps are not on");
    ok!(single?.aclmdlInitDump());
    const MANY: usize = 700_000;
    let tensor = executor::tensor(malloc(4 * MANY), MANY as i64);
    assert_eq!(executor::run(executor::plan(tensor), stream).0, 0);
    ok!(acl.aclrtSynchronizeStream(stream));
    let pieces = std::mem::take(&mut *PIECES.lock().unwrap());
    assert_eq!(pieces.iter().map(|piece| piece.1).collect::<Vec<_>>(), [0, 0, 1]);
    let mut whole = Vec::new();
    for (name, _, offset, bytes) in &pieces {
        assert!(*name == pieces[0].0 && *offset == whole.len() as i64);
        whole.extend_from_slice(bytes);
    }
    let (name, tensors) = read(&whole);
    assert_eq!((name.as_str(), tensors.len()), ("InplaceZero", 1));
    assert_eq!((tensors[0].0, tensors[0].3 == vec![0.0; MANY]), (3, true));
    ok!(single?.aclmdlFinalizeDump());
    add(stream);
    assert!(PIECES.lock().unwrap().is_empty());
}

// 18 (aclopStartDumpArgs): a file an operator and shape, with its tensors' formats, dtypes and shapes; adump_api_platform.cpp: 500001 for
// all mistakes.
#[test]
fn arguments_of_operators() {
    if !in_child("dump::arguments_of_operators", &[]) {
        return;
    }
    let folder = Folder::new("args");
    let inner = c(&folder.0.join("made/here"));
    ok!(acl.aclInit(std::ptr::null()));
    ok!(acl.aclrtSetDevice(0));
    let stream = new_stream();
    refused!(500001, "path is null", single?.aclopStartDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS, std::ptr::null()));
    refused!(500001, "path is empty", single?.aclopStartDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS, c"".as_ptr()));
    refused!(500001, "dumpType is 2", single?.aclopStartDumpArgs(2, inner.as_ptr()));
    refused!(500001, "cannot be made", single?.aclopStartDumpArgs(1, c"/proc/none".as_ptr()));
    ok!(single?.aclopStartDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS, inner.as_ptr()));
    refused!(500001, "dumped already", single?.aclopStartDumpArgs(1, inner.as_ptr()));
    add(stream);
    add(stream);
    let files = folder.files("made/here");
    assert_eq!(files.len(), 1, "the same shapes");
    let told: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
    assert_eq!(told["operator"], "Add");
    let tensors = told["tensors"].as_array().unwrap();
    let facts: Vec<_> = tensors.iter().map(|t| (t["kind"].as_str().unwrap(), t["dtype"].as_str().unwrap())).collect();
    assert_eq!(facts, [("input", "ACL_FLOAT"), ("input", "ACL_FLOAT"), ("output", "ACL_FLOAT")]);
    assert_eq!((&tensors[0]["shape"], &tensors[0]["strides"]), (&serde_json::json!([3, 2]), &serde_json::json!([1, 3])));
    ok!(single?.aclopStopDumpArgs(2));
    assert_eq!(executor::run(executor::plan(executor::tensor(upload(&X), 6)), stream).0, 0);
    assert_eq!(folder.files("made/here").len(), 2, "another operator");
    ok!(single?.aclopStopDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS));
    assert_eq!(executor::run(executor::plan(executor::tensor(upload(&X), 5)), stream).0, 0);
    assert_eq!(folder.files("made/here").len(), 2);
}

// acl_dump.h (acldumpSaveExceptionInfo, acldumpGetExceptionInfoPath): under dump_path/extra-info/data-dump/DEVICE, with a suffix; only where
// what fails is dumped.
#[test]
fn what_a_program_saves() {
    if !in_child("dump::what_a_program_saves", &[]) {
        return;
    }
    let folder = Folder::new("saved");
    let mut path = [0; 4096];
    ok!(acl.aclInit(folder.config(r#""dump_scene": "aic_err_brief_dump""#).as_ptr()));
    ok!(acl.aclrtSetDevice(1));
    ok!(single?.acldumpGetExceptionInfoPath(path.as_mut_ptr(), path.len()));
    let root = text(path.as_ptr()).unwrap();
    assert_eq!(root, format!("{}/out/extra-info/data-dump/1/", folder.0.display()));
    let whole = text(call!(single?.acldumpGetPath(AIC_ERR_NORM_DUMP))).unwrap();
    assert_eq!(format!("{whole}/1/"), root);
    refused!(100000, "path is null", single?.acldumpGetExceptionInfoPath(null_mut(), 9));
    refused!(100000, "maxLen is 1", single?.acldumpGetExceptionInfoPath(path.as_mut_ptr(), 1));
    refused!(100000, "bytes are needed", single?.acldumpGetExceptionInfoPath(path.as_mut_ptr(), root.len()));

    let x = upload(&X);
    let mut tensor = acldumpTensorInfo {
        r#type: ACL_DUMP_TENSOR_OUTPUT,
        tensorSize: 24,
        format: ACL_FORMAT_ND.0,
        dataType: ACL_FLOAT.0,
        tensorAddr: x.cast(),
        addrType: ACL_DUMP_ADDR_RAW,
        placement: ACL_DUMP_PLACEMENT_DEVICE,
        argsOffset: 0,
        shapeNum: 2,
        originShapeNum: 2,
        shape: [0; 25],
        originShape: [0; 25],
    };
    tensor.shape[..2].copy_from_slice(&[3, 2]);
    let save = |name: *const _, tensors: &[acldumpTensorInfo]| {
        let code = call!(single?.acldumpSaveExceptionInfo(name, c"a note".as_ptr(), tensors.as_ptr(), tensors.len()));
        (code, recent())
    };
    assert_eq!(save(c"sub/mine".as_ptr(), &[tensor]).0, 0);
    let files = folder.files("out");
    assert!(files.len() == 1 && files[0].to_str().unwrap().starts_with(&format!("{root}sub/mine.custom.")), "{files:?}");
    let bytes = std::fs::read(&files[0]).unwrap();
    assert_eq!(read(&bytes), ("sub/mine".into(), vec![(3, 1, vec![3, 2], X.to_vec())]));
    assert!(bytes.windows(6).any(|window| window == b"a note"));
    // Of the host, and one without data, which is left out.
    let here = acldumpTensorInfo { placement: ACL_DUMP_PLACEMENT_HOST, tensorAddr: X.as_ptr().cast_mut().cast(), ..tensor };
    assert_eq!(save(c"two".as_ptr(), &[here, acldumpTensorInfo { tensorSize: 0, ..tensor }]).0, 0);

    let wrong = |change: &dyn Fn(&mut acldumpTensorInfo)| {
        let mut tensor = tensor;
        change(&mut tensor);
        save(c"x".as_ptr(), &[tensor])
    };
    for ((code, text), (wanted, words)) in [
        (save(std::ptr::null(), &[tensor]), (100000, "fileName is null")),
        (save(c"".as_ptr(), &[tensor]), (100000, "fileName is \"\"")),
        (save(c"a/../b".as_ptr(), &[tensor]), (100000, "inside the folder")),
        (save(c"/elsewhere/x".as_ptr(), &[tensor]), (100000, "inside the folder")),
        (save(c"x".as_ptr(), &[]), (100000, "tensorCount is 0")),
        (wrong(&|t| t.r#type = acldumpTensorType(9)), (100000, "tensors[0]: type is 9")),
        (wrong(&|t| t.shapeNum = 26), (100000, "shapeNum is 26")),
        (wrong(&|t| t.addrType = ACL_DUMP_ADDR_PTR), (200006, "ACL_DUMP_ADDR_PTR")),
        (wrong(&|t| t.placement = ACL_DUMP_PLACEMENT_END), (100000, "placement is 2")),
        (wrong(&|t| t.placement = ACL_DUMP_PLACEMENT_HOST), (100000, "against its placement")),
        (wrong(&|t| t.tensorSize = 4096), (107000, "not inside one live")),
    ] {
        assert!(code == wanted && text.contains(words), "{code}: {text}");
    }
    refused!(100000, "tensors is null", single?.acldumpSaveExceptionInfo(c"x".as_ptr(), std::ptr::null(), std::ptr::null(), 1));
    // Only where what fails is dumped.
    ok!(acl.aclFinalize());
    ok!(acl.aclInit(folder.config(r#""dump_scene": "aic_err_brief_dump""#).as_ptr()));
    ok!(single?.aclmdlInitDump());
    ok!(single?.aclmdlFinalizeDump());
    refused!(500001, "dump_scene", single?.acldumpGetExceptionInfoPath(path.as_mut_ptr(), path.len()));
    assert_eq!(save(c"x".as_ptr(), &[tensor]).0, 500001);
    assert_eq!(text(call!(single?.acldumpGetPath(AIC_ERR_BRIEF_DUMP))), None);
}
