//! Sockets between processes of this machine: whole messages, in order, with a file beside one where it is asked for.
//!
//! They have names outside the file system (Linux's abstract ones): nothing is left anywhere when a process ends, however it ends.

use std::io::{Error, ErrorKind, Result};
use std::mem::{offset_of, size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// The longest message.
pub(super) const LONGEST: usize = 128 << 10;

/// None of its calls waits, but [`Socket::receive_within`].
pub(super) struct Socket(OwnedFd);

/// The result of a system call, or what went wrong.
fn done(result: libc::c_int) -> Result<libc::c_int> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}

/// An abstract address, and its length.
fn address(name: &str) -> Result<(libc::sockaddr_un, libc::socklen_t)> {
    // SAFETY: plain numbers, for which zero is a value.
    let mut address: libc::sockaddr_un = unsafe { zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    // The first byte is NUL.
    if name.len() + 1 > address.sun_path.len() {
        return Err(ErrorKind::InvalidInput.into());
    }
    for (to, byte) in address.sun_path[1..].iter_mut().zip(name.bytes()) {
        *to = byte as libc::c_char;
    }
    Ok((address, (offset_of!(libc::sockaddr_un, sun_path) + 1 + name.len()) as libc::socklen_t))
}

/// Room for the header and one descriptor, aligned as the kernel wants it.
type Beside = [u64; 4];

impl Socket {
    fn new(flags: libc::c_int) -> Result<Socket> {
        // SAFETY: asks for a descriptor.
        let fd = done(unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC | flags, 0) })?;
        // SAFETY: a new descriptor that nobody else owns.
        Ok(Socket(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub(super) fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Takes a name. `AddrInUse`: somebody has it.
    pub(super) fn listen(name: &str) -> Result<Socket> {
        let socket = Socket::new(libc::SOCK_NONBLOCK)?;
        let (address, length) = address(name)?;
        // SAFETY: an address of this length that lives for the call.
        done(unsafe { libc::bind(socket.raw(), (&raw const address).cast(), length) })?;
        // SAFETY: a descriptor of ours.
        done(unsafe { libc::listen(socket.raw(), 1024) })?;
        Ok(socket)
    }

    /// The next that connects, if any. Of another user: refused.
    pub(super) fn accept(&self) -> Result<Socket> {
        // SAFETY: a descriptor of ours; the address of the other side is not wanted.
        let fd = done(unsafe {
            libc::accept4(self.raw(), std::ptr::null_mut(), std::ptr::null_mut(), libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK)
        })?;
        // SAFETY: a new descriptor that nobody else owns.
        Ok(Socket(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Connects to a name. Waits only while the listener's queue is full.
    pub(super) fn connect(name: &str) -> Result<Socket> {
        let socket = Socket::new(0)?;
        let (address, length) = address(name)?;
        // SAFETY: an address of this length that lives for the call.
        done(unsafe { libc::connect(socket.raw(), (&raw const address).cast(), length) })?;
        // SAFETY: a descriptor of ours.
        done(unsafe { libc::fcntl(socket.raw(), libc::F_SETFL, libc::O_NONBLOCK) })?;
        Ok(socket)
    }

    /// Whether the other side is a process of the same user.
    pub(super) fn is_ours(&self) -> bool {
        let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: 0 };
        let mut length = size_of::<libc::ucred>() as libc::socklen_t;
        let (level, option) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
        // SAFETY: a descriptor of ours and room for what is asked, both alive for the call.
        let result = unsafe { libc::getsockopt(self.raw(), level, option, (&raw mut peer).cast(), &mut length) };
        // SAFETY: asks for a number.
        result == 0 && peer.uid == unsafe { libc::geteuid() }
    }

    /// Sends one message. `WouldBlock`: the other side has not taken enough of what was sent.
    pub(super) fn send(&self, bytes: &[u8], file: Option<BorrowedFd<'_>>) -> Result<()> {
        let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        // SAFETY: plain numbers and pointers, for which zero is a value.
        let mut message: libc::msghdr = unsafe { zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&mut part, 1);
        let mut beside: Beside = [0; 4];
        if let Some(file) = file {
            const FD: u32 = size_of::<RawFd>() as u32;
            message.msg_control = beside.as_mut_ptr().cast();
            // SAFETY: arithmetic on a length.
            message.msg_controllen = unsafe { libc::CMSG_SPACE(FD) } as _;
            // SAFETY: `msg_control` is `msg_controllen` bytes, aligned, which hold a header and one descriptor.
            unsafe {
                let header = libc::CMSG_FIRSTHDR(&message);
                (*header).cmsg_level = libc::SOL_SOCKET;
                (*header).cmsg_type = libc::SCM_RIGHTS;
                (*header).cmsg_len = libc::CMSG_LEN(FD) as _;
                libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(file.as_raw_fd());
            }
        }
        // SAFETY: everything that the header points to lives for the call.
        let sent = unsafe { libc::sendmsg(self.raw(), &message, libc::MSG_NOSIGNAL) };
        if sent < 0 { Err(Error::last_os_error()) } else { Ok(()) }
    }

    /// Takes one message: its length in `into`, and the file beside it. A length of 0: the other side has ended.
    pub(super) fn receive(&self, into: &mut [u8]) -> Result<(usize, Option<OwnedFd>)> {
        let mut part = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
        // SAFETY: plain numbers and pointers, for which zero is a value.
        let mut message: libc::msghdr = unsafe { zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&mut part, 1);
        let mut beside: Beside = [0; 4];
        (message.msg_control, message.msg_controllen) = (beside.as_mut_ptr().cast(), size_of::<Beside>() as _);
        // SAFETY: everything that the header points to lives for the call, and is as long as it says.
        let received = unsafe { libc::recvmsg(self.raw(), &mut message, libc::MSG_CMSG_CLOEXEC) };
        if received < 0 {
            return Err(Error::last_os_error());
        }
        // SAFETY: the kernel has filled the header; what it points to is alive.
        let file = unsafe {
            let header = libc::CMSG_FIRSTHDR(&message);
            let is_file =
                !header.is_null() && (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS;
            is_file.then(|| OwnedFd::from_raw_fd(libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned()))
        };
        if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok((received as usize, file))
    }

    /// The same, waiting up to so many milliseconds.
    pub(super) fn receive_within(&self, milliseconds: i32, into: &mut [u8]) -> Result<usize> {
        let mut poll = libc::pollfd { fd: self.raw(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry that lives for the call.
        match done(unsafe { libc::poll(&mut poll, 1, milliseconds) })? {
            0 => Err(ErrorKind::TimedOut.into()),
            _ => Ok(self.receive(into)?.0),
        }
    }
}
