//! Functions of the runtime that an older toolkit lacks.

/// The function of a name, or the error that names what is missing and which release has it.
macro_rules! optional {
    ($device:expr, $name:ident) => {{
        let device: &$crate::acl::Device = $device;
        device.cann().api().acl.$name.ok_or_else(|| device.cann().missing(stringify!($name)))
    }};
}
pub(super) use optional;
