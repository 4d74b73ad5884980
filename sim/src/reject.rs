//! How a body refuses: CANN's code, and the text that `aclGetRecentErrMsg` gives.

/// A refusal: one of CANN's codes, and what was wrong, naming the parameter and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    /// One of `ascend_rl_sys::codes`.
    pub code: i32,
    /// One line: the parameter, what was given, what is taken.
    pub text: String,
}

/// What a body that returns a status returns. The wrapper turns it into the code.
pub(crate) type Outcome<T = ()> = Result<T, Reject>;

/// `reject!(ACLNN_ERR_PARAM_INVALID, "self is {}-D, 2-D is needed", n)` returns early with that code and text.
macro_rules! reject {
    ($code:ident, $($text:tt)*) => {
        return Err($crate::reject::Reject { code: ascend_rl_sys::codes::$code, text: format!($($text)*) })
    };
}
/// `check!(cond, CODE, "text")`: [`reject!`] unless `cond`.
macro_rules! check {
    ($cond:expr, $code:ident, $($text:tt)*) => { if !$cond { $crate::reject::reject!($code, $($text)*) } };
}
/// `fail!("index holds {i}")`: what runs on the device has failed, and unwinds to the engine. Other than a panic it is no mistake of
/// the simulator's, and nothing is printed.
macro_rules! fail {
    ($($text:tt)*) => { std::panic::resume_unwind(Box::new(format!($($text)*))) };
}
pub(crate) use {check, fail, reject};
