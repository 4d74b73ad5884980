//! Kernels of the program's own: twin images of Ascend C kernels, loaded and run on simulated cores.
//!
//! A twin image ([`image`]) is code for the host, with a program for each core of a block. A launch ([`launch`]) is an operator of the
//! engine like any other; its run ([`run`]) gives each core its memories ([`memory`]) and a turn on a thread ([`turns`]), and
//! answers what the kernel asks ([`services`]): barriers and flags between cores ([`cross`]). An image that tells its calls is checked
//! ([`strict`]); what breaks a rule is a finding ([`findings`]), and what moves is counted ([`traffic`]).
//!
//! C's functions are in [`crate::acl::kernel`]. Nothing here knows handles. What a kernel does with addresses is the program's own, as
//! on a card.

pub(crate) mod args;
mod cross;
mod findings;
pub(crate) mod image;
pub(crate) mod launch;
mod library;
mod memory;
mod run;
mod services;
mod settings;
mod shape;
mod strict;
mod threads;
mod traffic;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use image::Image;
use launch::Source;

use crate::ops::call::Planned;

pub(crate) use findings::take as take_launches;
pub use findings::{Finding, Launch as CheckedLaunch};
pub(crate) use settings::set_checks;
pub use traffic::{Alignment, Runs, Traffic, Transfers};

/// A launch that was checked.
pub(crate) struct Launch {
    pub image: Arc<Image>,
    /// The kernel's index in the image.
    pub kernel: usize,
    pub blocks: u32,
    /// How many cores of the kind that counts blocks the device has.
    pub device_cores: u32,
    pub schedule_mode: u32,
    pub timeout: Option<Duration>,
    pub device: u32,
    pub source: Source,
}

impl Launch {
    /// The operator that the engine runs.
    pub(crate) fn planned(self) -> Planned {
        let Launch { image, kernel, blocks, device_cores, schedule_mode, timeout, device, source } = self;
        launch::planned(run::Plan { image, kernel, blocks, device_cores, schedule_mode, timeout, device }, source)
    }
}
