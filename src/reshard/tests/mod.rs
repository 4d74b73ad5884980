//! Plans, judged by maps of single elements. What runs on devices is in `tests/reshard.rs`.

mod balance;
mod layouts;
mod models;
mod oracle;
mod properties;
mod refusals;
