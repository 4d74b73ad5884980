//! The twin image: one shared object for each instruction set, and one with checks.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use super::Error;
use super::source::Declared;
use crate::container::{self, Isa, Variant};

/// A variant that a build makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub isa: Isa,
    pub checked: bool,
}

/// What a build makes: one variant with checks, and fast ones: those asked for, or where only this machine will run them its
/// best, or all.
pub(super) fn plans(target_arch: &str, asked: Option<&[Isa]>, only_here: bool) -> Vec<Plan> {
    let all: &[Isa] = if target_arch == "x86_64" { &[Isa::Base, Isa::X86V3, Isa::X86V4] } else { &[Isa::Base] };
    let fast: Vec<Isa> = match asked {
        Some(asked) => all.iter().copied().filter(|isa| asked.contains(isa)).collect(),
        None if only_here => all.iter().copied().rfind(|isa| isa.runs_here()).into_iter().collect(),
        None => all.to_vec(),
    };
    let mut plans = vec![Plan { isa: Isa::Base, checked: true }];
    plans.extend(fast.into_iter().map(|isa| Plan { isa, checked: false }));
    plans
}

/// The file that is compiled: the source, and behind it the image's one symbol.
pub(super) fn wrapper(source: &Path, kernels: &[Declared]) -> String {
    let entries: Vec<String> =
        kernels.iter().map(|k| format!("ASCENDC_TWIN_KERNEL({}, {}, {})", k.name, k.kind, k.schedule_mode)).collect();
    format!(
        "#include \"kernel_operator.h\"\n#include \"{}\"\nASCENDC_TWIN_IMAGE({})\n",
        source.display().to_string().replace('\\', "\\\\").replace('"', "\\\""),
        entries.join(", ")
    )
}

/// What is passed to the compiler. Floating point as the source says it (no fused multiply-adds, so that all variants agree bit
/// for bit), but without the parts of the standard that nobody looks at: errno and floating-point traps.
pub(super) fn arguments(
    plan: Plan,
    includes: &[PathBuf],
    defines: &[(String, String)],
    wrapper: &Path,
    symbols: &Path,
    out: &Path,
) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["-x", "c++", "-std=c++17", "-fPIC", "-shared", "-s", "-fvisibility=hidden", "-fvisibility-inlines-hidden"]
            .map(Into::into)
            .into();
    args.extend(["-fno-strict-aliasing", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-w"].map(Into::into));
    // The checks cost far more than the arithmetic; a smaller program is also sooner compiled.
    args.push(if plan.checked { "-O1" } else { "-O3" }.into());
    match plan.isa {
        Isa::Base => {}
        Isa::X86V3 => args.push("-march=x86-64-v3".into()),
        Isa::X86V4 => args.extend(["-march=x86-64-v4", "-mprefer-vector-width=512"].map(Into::into)),
    }
    args.push(format!("-DASCENDC_TWIN_CHECKED={}", u8::from(plan.checked)).into());
    args.extend(defines.iter().map(|(name, value)| format!("-D{name}={value}").into()));
    for folder in includes {
        args.extend(["-I".into(), folder.clone().into_os_string()]);
    }
    args.push(wrapper.into());
    args.extend(["-o".into(), out.into()]);
    let mut script = OsString::from("-Wl,--version-script=");
    script.push(symbols);
    args.push(script);
    args
}

/// Only this leaves the shared object: what else is in it must not meet another image's, or the program's.
pub(super) const SYMBOLS: &str = "{ global: ascendc_twin_image; local: *; };\n";

/// The C++ compiler that `cc` finds (`CXX` and its like are heeded); the one tried, if it does not run.
pub(super) fn compiler() -> Result<cc::Tool, String> {
    let mut build = cc::Build::new();
    build.cpp(true).cargo_metadata(false).cargo_warnings(false).opt_level(3).warnings(false);
    // Outside a build script, for this machine.
    if env::var_os("TARGET").is_none() {
        let here = format!("{}-unknown-linux-gnu", env::consts::ARCH);
        build.target(&here).host(&here);
    }
    let tool = build.try_get_compiler().map_err(|_| env::var("CXX").unwrap_or_else(|_| "c++".to_owned()))?;
    let runs = Command::new(tool.path()).arg("--version").output().is_ok_and(|output| output.status.success());
    if runs { Ok(tool) } else { Err(tool.path().display().to_string()) }
}

/// What is said without one.
pub(super) fn no_compiler(tried: &str) -> String {
    format!(
        "no C++ compiler: {tried} does not run, so that kernels cannot be launched on the simulated NPU; install g++ or clang++, or \
         set CXX"
    )
}

/// A variant that is compiled, or why not.
type Done = (Plan, Result<Vec<u8>, Error>);

/// How a variant is compiled to a file.
pub(super) struct Job<'a> {
    pub tool: &'a cc::Tool,
    /// For the objects.
    pub folder: &'a Path,
    pub name: &'a str,
    pub arguments: &'a (dyn Fn(Plan, &Path) -> Vec<OsString> + Sync),
}

impl Job<'_> {
    fn object(&self, plan: Plan) -> Result<Vec<u8>, Error> {
        let file = format!("{}-{:?}-{}.so", self.name, plan.isa, if plan.checked { "checked" } else { "fast" });
        let out = self.folder.join(file);
        let mut command = Command::new(self.tool.path());
        command.envs(self.tool.get_envs()).args((self.arguments)(plan, &out));
        run(command)?;
        fs::read(&out).map_err(|e| Error::io(&out, e))
    }

    /// Compiles the variants side by side and packs them. What the compiler is too old for is left out: a plainer variant serves.
    pub fn compile(&self, plans: &[Plan]) -> Result<Vec<u8>, Error> {
        let jobs = env::var("NUM_JOBS").ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(2_usize).clamp(1, 8);
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Done>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..jobs.min(plans.len()) {
                scope.spawn(|| {
                    while let Some(&plan) = plans.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let object = self.object(plan);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((plan, object));
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut objects = Vec::new();
        for &plan in plans {
            match done.iter().find(|(of, _)| *of == plan) {
                Some((_, Err(error))) if plan.isa != Isa::Base && unknown_target(error) => {}
                Some((_, object)) => objects.push((plan, object.clone()?)),
                None => {}
            }
        }
        if objects.iter().all(|(plan, _)| plan.checked) {
            let plan = Plan { isa: Isa::Base, checked: false };
            objects.push((plan, self.object(plan)?));
        }
        let variants: Vec<Variant> =
            objects.iter().map(|(plan, object)| Variant { isa: plan.isa, checked: plan.checked, object }).collect();
        Ok(container::write(&variants))
    }
}

/// Whether a compiler says that it does not know an instruction set: in GCC's words, in clang's.
fn unknown_target(error: &Error) -> bool {
    matches!(error, Error::Compiler { output, .. } if ["-march", "target CPU"].iter().any(|words| output.contains(words)))
}

/// Runs a compiler; its output is the error.
pub(super) fn run(mut command: Command) -> Result<(), Error> {
    let shown = format!("{command:?}");
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let text = [output.stderr, output.stdout].concat();
            Err(Error::Compiler { command: shown, output: String::from_utf8_lossy(&text).into_owned() })
        }
        Err(error) => Err(Error::Compiler { command: shown, output: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_is_compiled_fast_and_one_with_checks() {
        let plan = |isa, checked| Plan { isa, checked };
        assert_eq!(plans("aarch64", None, false), [plan(Isa::Base, true), plan(Isa::Base, false)]);
        let all = [plan(Isa::Base, true), plan(Isa::Base, false), plan(Isa::X86V3, false), plan(Isa::X86V4, false)];
        assert_eq!(plans("x86_64", None, false), all);
        assert_eq!(plans("x86_64", None, true).len(), 2);
        assert_eq!(plans("x86_64", Some(&[Isa::X86V3, Isa::Base]), true), all[..3]);
        assert_eq!(plans("aarch64", Some(&[Isa::X86V3]), true), all[..1]);
    }

    #[test]
    fn the_wrapper_registers_each_kernel() {
        let kernel = |name: &str, kind| Declared { name: name.to_owned(), kind, schedule_mode: 1, params: vec![] };
        let text = wrapper(Path::new("/k/kernel.cpp"), &[kernel("a", 0), kernel("b", 5)]);
        assert!(text.contains("#include \"/k/kernel.cpp\""), "{text}");
        assert!(text.contains("ASCENDC_TWIN_IMAGE(ASCENDC_TWIN_KERNEL(a, 0, 1), ASCENDC_TWIN_KERNEL(b, 5, 1))"), "{text}");
    }

    #[test]
    fn no_variant_fuses_multiply_adds() {
        for plan in plans("x86_64", None, false) {
            let args = arguments(plan, &[], &[], Path::new("w.cpp"), Path::new("s.map"), Path::new("o.so"));
            assert!(args.contains(&"-ffp-contract=off".into()), "{args:?}");
            assert_eq!(args.contains(&"-march=x86-64-v3".into()), plan.isa == Isa::X86V3, "{args:?}");
        }
    }
}
