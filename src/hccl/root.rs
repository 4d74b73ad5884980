//! Groups whose ranks are anywhere: by root info, or by a rank table.

use super::call::{self, Handle};
use super::local::{Local, fingerprint};
use super::table::RankTable;
use super::{CommOptions, Communicator};
use crate::acl::Device;
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::{HcclCommConfig, HcclRootInfo};
use std::ffi::CString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What rank 0 of a new group makes and every rank needs to join it: bytes that only HCCL looks into. Each group needs one of its
/// own.
///
/// How the bytes get from rank 0 to the others is up to the program ([`launch`](super::launch) does it over TCP or a file).
#[derive(Clone)]
pub struct RootInfo(HcclRootInfo);

impl RootInfo {
    /// How many bytes it has.
    pub const BYTES: usize = size_of::<HcclRootInfo>();

    /// A new one, made on the device of rank 0.
    ///
    /// Errors: `MissingSymbol` without HCCL; what CANN says.
    /// CANN: HcclGetRootInfo.
    pub fn new(device: &Device) -> Result<RootInfo> {
        call::root_info(device).map(RootInfo)
    }

    /// The bytes to carry to the other ranks.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.internal
    }

    /// What was carried here.
    ///
    /// Errors: `Length` if it has not [`RootInfo::BYTES`] bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<RootInfo> {
        match bytes.try_into() {
            Ok(internal) => Ok(RootInfo(HcclRootInfo { internal })),
            Err(_) => {
                let text = format!("a root info has {} bytes, {} are needed", bytes.len(), RootInfo::BYTES);
                Err(Error::new(ErrorKind::Length, text))
            }
        }
    }
}

impl fmt::Debug for RootInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootInfo({:016x})", fingerprint(self.as_bytes()))
    }
}

impl Communicator {
    /// Joins the group of `info` as `rank` of `size`. Every rank calls it, from any thread of any process, with the same `info`,
    /// `size` and `options`; ranks of one host are on devices of different number.
    ///
    /// Without a name in the options the group gets one that is made of the root info, the same on every rank.
    /// Order: blocks until all ranks have joined, at most for `HCCL_CONNECT_TIMEOUT`. Nothing else of the device can be joined or
    /// issued meanwhile: threads that join two groups on the same devices do so in the same order on each.
    /// Errors: `Argument` for a rank that is none, for a name that HCCL cannot take, or if ranks contradict one another;
    /// `Timeout` if a rank does not come; `MissingSymbol`; `Collective`.
    /// CANN: HcclCommInitRootInfoConfig.
    pub fn from_root_info(
        device: &Device,
        info: &RootInfo,
        rank: usize,
        size: usize,
        options: &CommOptions,
    ) -> Result<Communicator> {
        let key = fingerprint(info.as_bytes());
        let place = Place { key, default_name: format!("group_{key:016x}"), rank, size };
        place.join(device, options, |config| Handle::join(device, &info.0, size as u32, rank as u32, config))
    }

    /// Joins the group of a rank table: a JSON file that names the devices of all ranks, the same on every host.
    ///
    /// Without a name in the options the group gets one that is made of the file's text; a second group of the same table needs
    /// a name.
    /// Order: as [`Communicator::from_root_info`].
    /// Errors: `Io` if the file cannot be read; `Argument` if it is no rank table or has no such rank; else as
    /// [`Communicator::from_root_info`].
    /// CANN: HcclCommInitClusterInfoConfig.
    pub fn from_rank_table(device: &Device, path: impl AsRef<Path>, rank: usize, options: &CommOptions) -> Result<Communicator> {
        let path = path.as_ref();
        let table = RankTable::read(path)?;
        let c_path = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| Error::new(ErrorKind::Argument, format!("the path {path:?} of a rank table has a NUL")))?;
        let place =
            Place { key: table.fingerprint, default_name: format!("table_{:016x}", table.fingerprint), rank, size: table.size() };
        place
            .join(device, options, |config| Handle::join_table(device, &c_path, rank as u32, config))
            .map_err(|error| error.context(format!("rank table {}", path.display())))
    }
}

/// Where in which group.
struct Place {
    /// What the ranks of the group have in common, and others have not.
    key: u64,
    default_name: String,
    rank: usize,
    size: usize,
}

impl Place {
    fn join(
        self,
        device: &Device,
        options: &CommOptions,
        join: impl FnOnce(&HcclCommConfig) -> Result<Handle>,
    ) -> Result<Communicator> {
        let Place { key, default_name, rank, size } = self;
        if rank >= size || u32::try_from(size).is_err() {
            let text = format!("rank {rank} of {size}: ranks go from 0 to one less than their number");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        let name = options.name_or(|| default_name)?;
        let config = options.config(&name, call::capability(device)?)?;
        let stream = device.stream()?;
        // Before it is joined: all of this process are known then before the first of them makes a call.
        let local = Local::enter(key, &name, size, rank);
        match join(&config) {
            Ok(handle) => Ok(Communicator::new(handle, stream, rank, &local.board, &local.parts, options)),
            Err(error) => {
                local.board.leave(rank);
                Err(error.context(format!("rank {rank} of {size} could not join `{name}`")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_in_and_out() {
        let bytes: Vec<u8> = (0..RootInfo::BYTES).map(|i| (i * 7) as u8).collect();
        let info = RootInfo::from_bytes(&bytes).unwrap();
        assert_eq!(info.as_bytes(), bytes);
        let error = RootInfo::from_bytes(&bytes[1..]).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Length, "a root info has 4107 bytes, 4108 are needed")
        );
    }
}
