//! Descriptors that outlive an `execve`: they wait in a socket that the next program finds as its standard
//! input. None of them ever loses its close-on-exec, so no other program that is started meanwhile gets one.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// Descriptors in one message; the kernel takes 253 (`SCM_MAX_FD`).
const AT_A_TIME: usize = 250;

/// Descriptors under way.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// What the next program is to have as its standard input.
    pub(crate) to: OwnedFd,
    /// Both ends stay open until then.
    _from: OwnedFd,
}

impl Parcel {
    /// Puts descriptors into a socket. At most some 2,500: the kernel keeps ten messages
    /// (`net.unix.max_dgram_qlen`).
    ///
    /// # Errors
    /// The kernel takes no more.
    pub(crate) fn pack(descriptors: &[BorrowedFd<'_>]) -> io::Result<Self> {
        let (from, to) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let mut left = descriptors.len();
        for some in descriptors.chunks(AT_A_TIME) {
            left -= some.len();
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_A_TIME))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            if !control.push(SendAncillaryMessage::ScmRights(some)) {
                return Err(io::Error::other("too many descriptors for one message"));
            }
            // How many come in further messages.
            let still = u32::try_from(left).map_err(io::Error::other)?.to_le_bytes();
            let flags = SendFlags::DONTWAIT;
            sendmsg(&from, &[IoSlice::new(&still)], &mut control, flags)?;
        }
        Ok(Self { to, _from: from })
    }
}

/// Takes the descriptors out of a socket, in their order.
///
/// # Errors
/// It is no socket, or there are none in it.
pub(crate) fn unpack(socket: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    loop {
        let mut left = [0; 4];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_A_TIME))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let mut parts = [IoSliceMut::new(&mut left)];
        let received = recvmsg(&socket, &mut parts, &mut control, flags)?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(some) = message {
                descriptors.extend(some);
            }
        }
        if received.bytes != left.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if u32::from_le_bytes(left) == 0 {
            return Ok(descriptors);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Seek as _, Write as _};

    use super::*;

    #[test]
    fn descriptors_come_out_in_their_order() {
        let files: Vec<File> = (0..600)
            .map(|number| {
                let mut file = tempfile::tempfile().unwrap();
                write!(file, "{number}").unwrap();
                file.rewind().unwrap();
                file
            })
            .collect();
        let parcel = Parcel::pack(&files.iter().map(File::as_fd).collect::<Vec<_>>()).unwrap();
        drop(files);
        let unpacked = unpack(&parcel.to).unwrap();
        assert_eq!(unpacked.len(), 600);
        for (number, file) in unpacked.into_iter().enumerate() {
            let mut text = String::new();
            File::from(file).read_to_string(&mut text).unwrap();
            assert_eq!(text, number.to_string());
        }
        assert!(unpack(&parcel.to).is_err());
    }
}
