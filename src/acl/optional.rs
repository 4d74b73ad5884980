//! Functions of the runtime that an older toolkit lacks.

/// The function of a name, or the error that names what is missing and which release has it.
macro_rules! optional {
    ($device:expr, $name:ident) => {
        $crate::acl::optional::optional!($device, acl.$name)
    };
    // Of another table than the runtime's first.
    ($device:expr, $table:ident.$name:ident) => {{
        let device: &$crate::acl::Device = $device;
        device.cann().api().$table.$name.ok_or_else(|| device.cann().missing(stringify!($name)))
    }};
}
pub(super) use optional;
