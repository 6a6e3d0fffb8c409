//! What stands between the server and its database.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A proxy that can be told to fail.
#[derive(Default)]
pub(crate) struct Wire {
    /// Nothing gets through, and nobody is told.
    pub(crate) is_frozen: AtomicBool,
    /// Over the connections that there are nothing gets through any more, and nobody is told. New ones are well.
    pub(crate) generation: AtomicUsize,
    /// Connections are ended.
    pub(crate) is_cut: AtomicBool,
    /// Of so many commits still, the answer is lost together with the connection.
    pub(crate) lost_commits: AtomicUsize,
}

const PAUSE: Duration = Duration::from_millis(20);

impl Wire {
    /// Listens in front of this address.
    pub(crate) fn before(database: String) -> (SocketAddr, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, wire) = (listener.local_addr().unwrap(), Arc::new(Self::default()));
        let shared = wire.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if shared.is_cut.load(Ordering::Relaxed) {
                    continue;
                }
                // The database may be away.
                if let Ok(server) = TcpStream::connect(&database) {
                    shared.connect(&client, &server);
                }
            }
        });
        (address, wire)
    }

    fn connect(self: &Arc<Self>, client: &TcpStream, server: &TcpStream) {
        let commits = Arc::new(AtomicBool::new(false));
        for is_request in [true, false] {
            let (from, to) = if is_request {
                (client, server)
            } else {
                (server, client)
            };
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let (wire, commits) = (self.clone(), commits.clone());
            thread::spawn(move || {
                wire.carry(&from, &to, |bytes| wire.gets_through(is_request, bytes, &commits));
                // The other end may be gone already.
                drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
            });
        }
    }

    /// Whether these bytes reach the other end. What is lost is the answer to a commit that got through.
    fn gets_through(&self, is_request: bool, bytes: &[u8], commits: &AtomicBool) -> bool {
        if !is_request {
            return !commits.load(Ordering::SeqCst);
        }
        let is_commit = bytes.windows(7).any(|part| part == b"COMMIT\0");
        let one_less = |left: usize| left.checked_sub(1);
        if is_commit
            && self
                .lost_commits
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                .is_ok()
        {
            commits.store(true, Ordering::SeqCst);
        }
        true
    }

    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream, gets_through: impl Fn(&[u8]) -> bool) {
        from.set_read_timeout(Some(PAUSE)).unwrap();
        let mut bytes = [0; 4096];
        let generation = self.generation.load(Ordering::Relaxed);
        while !self.is_cut.load(Ordering::Relaxed) {
            let is_forgotten = self.generation.load(Ordering::Relaxed) != generation;
            if is_forgotten || self.is_frozen.load(Ordering::Relaxed) {
                thread::sleep(PAUSE);
                continue;
            }
            match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) if gets_through(&bytes[..count]) => {
                    if to.write_all(&bytes[..count]).is_err() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(_) | Err(_) => break,
            }
        }
    }
}
