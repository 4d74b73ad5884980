//! A post that has lines to itself, and bare sockets that stand for other processes.

use std::sync::mpsc::{Receiver as Inbox, Sender, channel};
use std::time::Duration;

use super::*;

enum Heard {
    Message(Id, Vec<u8>, Option<OwnedFd>),
    Lost(Id),
}

struct Ear(Mutex<Sender<Heard>>);

impl Receiver for Ear {
    fn received(&self, from: Id, bytes: &[u8], file: Option<OwnedFd>) {
        _ = self.0.lock().unwrap().send(Heard::Message(from, bytes.to_vec(), file));
    }
    fn lost(&self, process: Id) {
        _ = self.0.lock().unwrap().send(Heard::Lost(process));
    }
}

/// A post, and what it hears.
fn post() -> (&'static Post, Inbox<Heard>) {
    let (sender, inbox) = channel();
    (Post::open(Id { pid: std::process::id(), nonce: 77 }, Box::leak(Box::new(Ear(Mutex::new(sender))))).unwrap(), inbox)
}

fn hear(inbox: &Inbox<Heard>) -> Heard {
    inbox.recv_timeout(Duration::from_secs(20)).expect("nothing was heard")
}

#[test]
fn messages_come_in_order_with_their_files_and_the_end_last() {
    let (post, inbox) = post();
    assert_eq!(post.who(&post.id.door()).unwrap(), post.id);
    assert_eq!(post.listen(&post.id.door()).unwrap_err().kind(), ErrorKind::AddrInUse);
    post.listen("cann-sim-test-other").unwrap();
    assert_eq!(post.who("cann-sim-test-other").unwrap(), post.id);
    post.close("cann-sim-test-other");
    // The thread may hold it for one more round.
    let closed = || post.who("cann-sim-test-other").is_err();
    let start = Instant::now();
    while !closed() {
        assert!(start.elapsed() < Duration::from_secs(20), "a closed door answers");
    }
    // A line to itself. More than any buffer holds, so that some of it has to wait.
    post.connect(post.id).unwrap();
    post.wait_for(&[post.id], Instant::now() + Duration::from_secs(20)).unwrap();
    let mut file = tempfile();
    for i in 0..500u32 {
        let mut bytes = vec![0; 10_000];
        bytes[..4].copy_from_slice(&i.to_le_bytes());
        post.send(post.id, &bytes, (i == 400).then(|| file.as_fd()));
    }
    for i in 0..500u32 {
        let Heard::Message(from, bytes, with) = hear(&inbox) else { panic!("the line has ended") };
        assert_eq!((from, bytes.len(), &bytes[..4]), (post.id, 10_000, &i.to_le_bytes()[..]));
        assert_eq!(with.is_some(), i == 400);
        if let Some(with) = with {
            use std::io::{Read, Seek, Write};
            file.write_all(b"the same").unwrap();
            let (mut text, mut with) = (String::new(), std::fs::File::from(with));
            with.rewind().unwrap();
            with.read_to_string(&mut text).unwrap();
            assert_eq!(text, "the same");
        }
    }
    // A stranger who does not greet is not heard.
    let stranger = Socket::connect(&post.id.door()).unwrap();
    stranger.send(b"hello?", None).unwrap();
    // A process that says something and ends.
    let other = Id { pid: 1, nonce: 2 };
    let line = Socket::connect(&post.id.door()).unwrap();
    line.send(&greeting(other), None).unwrap();
    line.send(b"last words", None).unwrap();
    drop(line);
    let Heard::Message(from, words, None) = hear(&inbox) else { panic!("its words are lost") };
    assert_eq!((from, &words[..]), (other, &b"last words"[..]));
    assert!(matches!(hear(&inbox), Heard::Lost(id) if id == other));
    assert!(post.connect(other).is_err(), "nobody there");
    post.send(other, b"anybody?", None);
    let nobody = Id { pid: 3, nonce: 4 };
    let missing = post.wait_for(&[post.id, nobody], Instant::now() + Duration::from_millis(20));
    assert_eq!(missing, Err(vec![nobody]));
}

/// A file without a name.
fn tempfile() -> std::fs::File {
    // SAFETY: a NUL-terminated name; the descriptor is new and nobody else owns it.
    unsafe { std::fs::File::from(OwnedFd::from_raw_fd(libc::memfd_create(c"test".as_ptr(), libc::MFD_CLOEXEC))) }
}
