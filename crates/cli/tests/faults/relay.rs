//! A mail server of the test's, which does what it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How it behaves, from the next connection on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Good,
    /// Takes its time before each reply.
    Slow,
    /// Accepts connections and says nothing.
    SilentAtConnect,
    /// Says nothing once it was given an email.
    SilentAtData,
    /// Wants nothing from us, for good: `554` in place of a greeting.
    RefusesUs,
    /// `451` to the recipient.
    TryLater,
    /// `550` to the recipient.
    NoSuchUser,
}

/// What it heard.
#[derive(Default)]
struct Heard {
    manner: Mutex<Option<Manner>>,
    /// The recipients of all emails that it accepted.
    accepted: Mutex<Vec<String>>,
    /// How often it behaved as it was told.
    refused: AtomicUsize,
}

#[derive(Clone)]
pub(crate) struct Relay {
    address: SocketAddr,
    heard: Arc<Heard>,
}

impl Relay {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::default(),
        };
        relay.behave(manner);
        let shared = relay.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let relay = shared.clone();
                thread::spawn(move || {
                    // The client may go away at any time.
                    drop(relay.serve(&client.unwrap()));
                });
            }
        });
        relay
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=none", self.address)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.heard.manner.lock().unwrap() = Some(manner);
    }

    /// How often somebody came and did not get rid of an email.
    pub(crate) fn refused(&self) -> usize {
        self.heard.refused.load(Ordering::SeqCst)
    }

    /// How often an email to this address was accepted.
    pub(crate) fn accepted(&self, to: &str) -> usize {
        let accepted = self.heard.accepted.lock().unwrap();
        accepted.iter().filter(|recipient| *recipient == to).count()
    }

    fn refuse(&self) {
        self.heard.refused.fetch_add(1, Ordering::SeqCst);
    }

    fn serve(&self, client: &TcpStream) -> std::io::Result<()> {
        let manner = self.heard.manner.lock().unwrap().unwrap();
        let mut lines = BufReader::new(client).lines();
        let say = |reply: &str| {
            if manner == Manner::Slow {
                thread::sleep(Duration::from_millis(200));
            }
            (&mut &*client).write_all(format!("{reply}\r\n").as_bytes())
        };
        match manner {
            Manner::SilentAtConnect => {
                self.refuse();
                // Until the client gives up.
                lines.by_ref().for_each(drop);
                return Ok(());
            }
            Manner::RefusesUs => {
                self.refuse();
                return say("554 no service for you");
            }
            _ => say("220 relay.example.test")?,
        }
        let mut recipient = String::new();
        while let Some(line) = lines.next() {
            let line = line?;
            if line == "DATA" {
                say("354 go on")?;
                while lines.next().transpose()?.is_some_and(|line| line != ".") {}
                if manner == Manner::SilentAtData {
                    self.refuse();
                    lines.by_ref().for_each(drop);
                    return Ok(());
                }
                self.heard.accepted.lock().unwrap().push(recipient.clone());
                say("250 accepted")?;
            } else if let Some(address) = line.strip_prefix("RCPT TO:<") {
                address
                    .split('>')
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut recipient);
                match manner {
                    Manner::TryLater => {
                        self.refuse();
                        say("451 try again later")?;
                    }
                    Manner::NoSuchUser => {
                        self.refuse();
                        say("550 no such user")?;
                    }
                    _ => say("250 fine")?,
                }
            } else {
                say("250 fine")?;
            }
        }
        Ok(())
    }
}
