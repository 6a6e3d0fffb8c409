//! The connections of clients: how long each is waited for and which one gives way when there are too many (RE-13), and how they end
//! when the server stops (RE-9).

mod patience;

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use actix_web::HttpRequest;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

pub(crate) use self::patience::{HEAD_TIMEOUT, KEEP_ALIVE};
use self::patience::{Over, Patience};

/// All connections of a server. Without a [limit](Self::limit) none gives way.
pub(crate) struct Connections {
    /// How many may be open before the next one replaces another.
    room: AtomicUsize,
    stopping: watch::Sender<bool>,
    registry: Mutex<Registry>,
}

#[derive(Default)]
struct Registry {
    next: u64,
    open: usize,
    /// Connections that never sent a whole request, oldest first.
    fresh: BTreeMap<u64, Arc<Connection>>,
    /// The others, oldest first.
    known: BTreeMap<u64, Arc<Connection>>,
}

/// One connection.
#[derive(Default)]
pub(crate) struct Connection {
    number: u64,
    is_known: AtomicBool,
    phase: AtomicU8,
    /// How many exchanges have ended.
    turn: AtomicU32,
    end: AtomicU8,
    waker: AtomicWaker,
}

/// What happens on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    /// No request, or a part of a head.
    Idle,
    /// The body of a request arrives.
    Receiving,
    /// A whole request is answered.
    Serving,
}

/// How a connection is to end. At first it is not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum End {
    /// What has arrived is read, and nothing more is waited for; what is left to write is written.
    NoWaiting = 1,
    /// It gives way to another: nothing is waited for.
    AtOnce,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            room: AtomicUsize::new(usize::MAX),
            stopping: watch::Sender::new(false),
            registry: Mutex::default(),
        }
    }
}

impl Connections {
    /// From so many open connections on, a new one replaces another.
    pub(crate) fn limit(&self, room: usize) {
        self.room.store(room, Ordering::Relaxed);
    }

    /// A new connection. If there are too many, it replaces the oldest that never sent a whole request, else the oldest that waits
    /// for one. A request that is being answered is never given up.
    pub(crate) fn open(&self) -> Arc<Connection> {
        let mut registry = self.lock();
        if registry.open >= self.room.load(Ordering::Relaxed) {
            registry.make_room();
        }
        let connection = Arc::new(Connection {
            number: registry.next,
            ..Connection::default()
        });
        registry.next += 1;
        registry.open += 1;
        registry.fresh.insert(connection.number, connection.clone());
        if self.is_stopping() {
            connection.end(End::NoWaiting);
        }
        connection
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().open
    }

    fn close(&self, connection: &Connection) {
        let mut registry = self.lock();
        registry.open -= 1;
        registry.fresh.remove(&connection.number);
        registry.known.remove(&connection.number);
    }

    /// From now on no request is waited for: connections without one end at once, the others after its answer.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
        let registry = self.lock();
        let all = registry.fresh.values().chain(registry.known.values());
        for connection in all.filter(|connection| connection.is_in(Phase::Idle)) {
            connection.end(End::NoWaiting);
        }
    }

    /// Whether the server wants no more requests.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Ready when the server wants no more requests.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as `self`.
        drop(self.stopping.subscribe().wait_for(|stopping| *stopping).await);
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn make_room(&mut self) {
        let fresh = self.fresh.pop_first().map(|(_, connection)| connection);
        let replaced = fresh.or_else(|| {
            let mut known = self.known.values();
            let number = known.find(|known| !known.is_in(Phase::Serving))?.number;
            self.known.remove(&number)
        });
        if let Some(connection) = replaced {
            connection.end(End::AtOnce);
        }
    }
}

impl Connection {
    fn is_in(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }

    /// How many exchanges have ended; none if one is going on.
    fn turn(&self) -> Option<u32> {
        self.is_in(Phase::Idle).then(|| self.turn.load(Ordering::Acquire))
    }

    fn is_ending(&self, end: End) -> bool {
        self.end.load(Ordering::Acquire) >= end as u8
    }

    fn end(&self, end: End) {
        self.end.fetch_max(end as u8, Ordering::AcqRel);
        self.waker.wake();
    }
}

/// A request on a connection, from its head to its answer.
pub(crate) struct Exchange {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
}

impl Exchange {
    /// Begins when the head of a request is there. None where connections are not counted, as in tests.
    pub(crate) fn begin(connections: &Arc<Connections>, request: &HttpRequest) -> Option<Self> {
        let connection = request.conn_data::<Arc<Connection>>()?.clone();
        connection.phase.store(Phase::Receiving as u8, Ordering::Release);
        Some(Self {
            connections: connections.clone(),
            connection,
        })
    }

    /// The request is there as a whole.
    pub(crate) fn serve(&self) {
        let Self {
            connections,
            connection,
        } = self;
        connection.phase.store(Phase::Serving as u8, Ordering::Release);
        if !connection.is_known.swap(true, Ordering::AcqRel) {
            let mut registry = connections.lock();
            if registry.fresh.remove(&connection.number).is_some() {
                registry.known.insert(connection.number, connection.clone());
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let connection = &self.connection;
        connection.turn.fetch_add(1, Ordering::AcqRel);
        connection.phase.store(Phase::Idle as u8, Ordering::Release);
        if self.connections.is_stopping() {
            connection.end(End::NoWaiting);
        } else {
            // From now on the stream has to wait for the next request with a limit.
            connection.waker.wake();
        }
    }
}

/// The bytes of a connection, until it is to end.
pub(crate) struct ClientStream<S> {
    stream: S,
    patience: Patience,
    connections: Arc<Connections>,
    connection: Arc<Connection>,
}

impl<S> ClientStream<S> {
    /// A stream that counts as a connection until it is dropped.
    pub(crate) fn new(stream: S, connections: Arc<Connections>) -> Self {
        Self {
            connection: connections.open(),
            connections,
            stream,
            patience: Patience::default(),
        }
    }

    /// The connection.
    pub(crate) fn connection(&self) -> Arc<Connection> {
        self.connection.clone()
    }

    /// Who does not take what is written keeps no connection that others need, and none for ever.
    fn unless_given_up<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.patience.has_written();
            outcome
        } else if self.connection.is_ending(End::AtOnce) {
            Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
        } else {
            self.patience
                .poll_writing(context)
                .map(|_| Err(io::ErrorKind::TimedOut.into()))
        }
    }
}

/// How a read ends when the client was waited for long enough: as if the client had said that no more comes, or, where an answer
/// cannot be delivered, with an error.
fn given_up(over: Over) -> io::Result<()> {
    match over {
        Over::Silent => Ok(()),
        Over::NotTaking => Err(io::ErrorKind::TimedOut.into()),
    }
}

impl<S> Drop for ClientStream<S> {
    fn drop(&mut self) {
        self.connections.close(&self.connection);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.connection.waker.register(context.waker());
        let turn = this.connection.turn();
        if let Some(over) = this.patience.is_over(turn) {
            return Poll::Ready(given_up(over));
        }
        let filled = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if read.is_ready() {
            if buffer.filled().len() > filled {
                this.patience.has_read(turn);
            }
            return read;
        }
        if this.connection.is_ending(End::NoWaiting) {
            // What has arrived was read. As if the client had said that no more comes.
            return Poll::Ready(Ok(()));
        }
        this.patience.poll_reading(turn, context).map(given_up)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_given_up(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.unless_given_up(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.unless_given_up(shut, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.unless_given_up(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::task::noop_waker_ref;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    fn with_room(room: usize) -> Arc<Connections> {
        let connections = Arc::new(Connections::default());
        connections.limit(room);
        connections
    }

    fn exchange(connections: &Arc<Connections>, connection: &Arc<Connection>) -> Exchange {
        connection.phase.store(Phase::Receiving as u8, Ordering::Release);
        Exchange {
            connections: connections.clone(),
            connection: connection.clone(),
        }
    }

    #[test]
    fn re_13_a_new_connection_replaces_the_oldest_that_sent_nothing_and_no_request_that_is_answered() {
        let connections = with_room(4);
        let [answered, waiting, sending, silent] = [(); 4].map(|()| connections.open());
        let first = exchange(&connections, &answered);
        first.serve();
        exchange(&connections, &waiting).serve();
        let body = exchange(&connections, &sending);
        for (next, replaced) in [&sending, &silent].into_iter().enumerate() {
            assert!(!replaced.is_ending(End::AtOnce), "{next}");
            let new = connections.open();
            assert!(replaced.is_ending(End::AtOnce), "{next}");
            exchange(&connections, &new).serve();
            connections.close(replaced);
        }
        connections.open();
        assert!(waiting.is_ending(End::AtOnce));
        assert!(!answered.is_ending(End::NoWaiting));
        drop((first, body));
    }

    #[test]
    fn re_9_a_stop_ends_what_waits_and_leaves_what_is_answered() {
        let connections = with_room(9);
        let [silent, sending, answered] = [(); 3].map(|()| connections.open());
        let body = exchange(&connections, &sending);
        let answer = exchange(&connections, &answered);
        answer.serve();
        connections.stop();
        assert!(silent.is_ending(End::NoWaiting) && !silent.is_ending(End::AtOnce));
        assert!(!sending.is_ending(End::NoWaiting) && !answered.is_ending(End::NoWaiting));
        drop((body, answer));
        assert!(sending.is_ending(End::NoWaiting) && answered.is_ending(End::NoWaiting));
        assert!(connections.open().is_ending(End::NoWaiting));
    }

    #[tokio::test]
    async fn re_13_a_stream_that_is_replaced_ends_and_gives_its_place_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let connections = with_room(1);
        let mut stream = ClientStream::new(stream, connections.clone());
        let mut context = Context::from_waker(noop_waker_ref());
        let mut bytes = [0; 8];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = Pin::new(&mut stream).poll_read(&mut context, &mut buffer);
        assert!(read.is_pending());
        let next = connections.open();
        let read = Pin::new(&mut stream).poll_read(&mut context, &mut buffer);
        assert!(matches!(read, Poll::Ready(Ok(()))) && buffer.filled().is_empty());
        let stuck = stream.unless_given_up(Poll::<io::Result<()>>::Pending, &mut context);
        assert!(matches!(stuck, Poll::Ready(Err(_))));
        drop((stream, client));
        assert_eq!(connections.lock().open, 1);
        connections.close(&next);
        assert_eq!(connections.lock().open, 0);
    }
}
