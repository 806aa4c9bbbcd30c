//! Open sockets and files on their way from one process to another, beside a line of text.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::MOST_LINE;

/// The most that Linux lets one message carry.
const MOST: usize = 253;

/// Sends a line whole, with these beside it.
pub(super) fn send(stream: impl AsFd, line: &[u8], all: &[BorrowedFd<'_>]) -> io::Result<()> {
    if all.len() > MOST {
        let text = format!(
            "{} sockets are more than one message carries ({MOST})",
            all.len()
        );
        return Err(io::Error::other(text));
    }
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(all.len()))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(all)) {
        return Err(io::Error::other("there is no room for the sockets"));
    }
    let sent = sendmsg(
        stream,
        &[IoSlice::new(line)],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    if sent == line.len() {
        Ok(())
    } else {
        Err(io::Error::other("the line did not go through whole"))
    }
}

/// Receives a line, and what came beside it. Nothing may follow the line.
pub(super) fn receive(stream: &UnixStream) -> io::Result<(String, Vec<OwnedFd>)> {
    let (mut text, mut all) = (Vec::new(), Vec::new());
    let most = usize::try_from(MOST_LINE).unwrap_or(usize::MAX);
    while text.last() != Some(&b'\n') {
        if text.len() >= most {
            return Err(io::Error::other("the line has no end"));
        }
        let mut part = [0; 4096];
        let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let parts = &mut [IoSliceMut::new(&mut part)];
        let received = recvmsg(stream, parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                all.extend(fds);
            }
        }
        text.extend_from_slice(&part[..received.bytes]);
    }
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok((text, all))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn what_is_sent_is_open_at_the_other_end() {
        let (one, other) = UnixStream::pair().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        send(&one, b"a line\n", &[far.as_fd()]).unwrap();
        drop(far);
        let (text, mut all) = receive(&other).unwrap();
        assert_eq!((text.as_str(), all.len()), ("a line\n", 1));
        let mut far = UnixStream::from(all.remove(0));
        far.write_all(b"!").unwrap();
        near.read_exact(&mut [0]).unwrap();
        drop(one);
        assert!(receive(&other).is_err());
    }
}
