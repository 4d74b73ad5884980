//! Which devices reach one another's memory.

use super::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::check;

impl Device {
    /// Whether this device can reach the memory of `peer`.
    ///
    /// Errors: `Argument` if they are one device; `WrongDevice` if one is a card's and the other simulated.
    /// CANN: aclrtDeviceCanAccessPeer.
    pub fn can_access_peer(&self, peer: &Device) -> Result<bool> {
        let peer = self.peer(peer)?;
        self.0.bind()?;
        let mut can = 0;
        // SAFETY: `can` outlives the call.
        let code = unsafe { (self.api().acl.aclrtDeviceCanAccessPeer)(&mut can, self.ordinal() as i32, peer) };
        check(self.api(), "aclrtDeviceCanAccessPeer", code)?;
        Ok(can != 0)
    }

    /// Lets this device reach the memory of `peer`, from now on. One way: the other way is another call. Collectives need
    /// neither, they see to it themselves.
    ///
    /// Errors: `Argument` if they are one device; `WrongDevice` if one is a card's and the other simulated; `Device` where the
    /// hardware has no way.
    /// CANN: aclrtDeviceEnablePeerAccess.
    pub fn enable_peer_access(&self, peer: &Device) -> Result<()> {
        let peer = self.peer(peer)?;
        self.0.bind()?;
        // SAFETY: takes numbers; the current context is this device's. The second must be 0.
        let code = unsafe { (self.api().acl.aclrtDeviceEnablePeerAccess)(peer, 0) };
        check(self.api(), "aclrtDeviceEnablePeerAccess", code)
    }

    /// The ordinal of another device of the same CANN.
    pub(super) fn peer(&self, peer: &Device) -> Result<i32> {
        if !self.cann().same(peer.cann()) {
            let text = format!("{self:?} and {peer:?} are not of one CANN, so neither reaches the other");
            return Err(Error::new(ErrorKind::WrongDevice, text));
        }
        if self.ordinal() == peer.ordinal() {
            let text = format!("{peer:?} is no peer of itself; two devices are needed");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        Ok(peer.ordinal() as i32)
    }
}
