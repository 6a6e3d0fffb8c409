use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use doorward_domain::password::HashError;
use tokio::sync::oneshot;

use super::block_pool::BlockPool;

/// A fixed number of threads that hash, and a bounded queue in front of them (RE-7, RE-8).
///
/// Threads of its own because hashing fills whole cores: on the runtime's blocking pool, which grows at need, a storm of
/// sign-ins would starve the threads that answer requests. Dropping the pool drops what waits, and returns when the
/// threads have ended.
pub(super) struct HashPool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

/// How busy the hashing threads are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashLoad {
    /// Passwords that wait for a thread.
    pub waiting: u64,
    /// Most that may wait.
    pub capacity: u64,
    /// Threads at work.
    pub running: u64,
    /// Threads.
    pub threads: u64,
    /// Passwords that were turned away since the start, because too many waited.
    pub shed: u64,
}

/// How long a thread without work keeps its memory.
const IDLE: Duration = Duration::from_millis(1100);

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
    idle: Duration,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Job>>,
    running: usize,
    shed: u64,
    closed: bool,
}

trait Job: Send {
    /// Whether the caller stopped waiting for the result.
    fn is_abandoned(&self) -> bool;
    fn run(self: Box<Self>, memory: &mut BlockPool);
}

struct Task<W, T> {
    work: W,
    reply: oneshot::Sender<T>,
}

impl<W: FnOnce(&mut BlockPool) -> T + Send, T: Send> Job for Task<W, T> {
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(self: Box<Self>, memory: &mut BlockPool) {
        // Fails if the request was cancelled meanwhile; then nothing has to be done.
        let _ = self.reply.send((self.work)(memory));
    }
}

impl HashPool {
    /// Starts the threads. At most `queue` jobs wait for one of them; at least one, since a job passes through the queue
    /// even if a thread is free.
    pub(super) fn start(threads: NonZeroUsize, queue: usize) -> io::Result<Self> {
        Self::with_idle(threads, queue, IDLE)
    }

    fn with_idle(threads: NonZeroUsize, capacity: usize, idle: Duration) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
            capacity: capacity.max(1),
            idle,
        });
        let mut pool = Self {
            queue,
            threads: Vec::new(),
        };
        for number in 1..=threads.get() {
            let queue = Arc::clone(&pool.queue);
            let name = format!("hash-{number}");
            pool.threads
                .push(thread::Builder::new().name(name).spawn(move || queue.serve())?);
        }
        Ok(pool)
    }

    pub(super) fn load(&self) -> HashLoad {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let state = self.queue.lock();
        HashLoad {
            waiting: count(state.waiting.len()),
            capacity: count(self.queue.capacity),
            running: count(state.running),
            threads: count(self.threads.len()),
            shed: state.shed,
        }
    }

    /// Runs `work` on one of the threads. If the caller is cancelled before it starts, it is not run.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, HashError>
    where
        T: Send + 'static,
        W: FnOnce(&mut BlockPool) -> T + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        self.queue.push(Box::new(Task { work, reply }))?;
        result
            .await
            .map_err(|_| HashError::Failed("the computation was broken off".into()))
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool")
            .field("threads", &self.threads.len())
            .field("queue", &self.queue.capacity)
            .finish()
    }
}

impl Queue {
    fn push(&self, job: Box<dyn Job>) -> Result<(), HashError> {
        let mut state = self.lock();
        if state.waiting.len() >= self.capacity {
            state.waiting.retain(|job| !job.is_abandoned());
        }
        if state.waiting.len() >= self.capacity {
            state.shed += 1;
            return Err(HashError::Busy);
        }
        state.waiting.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        self.changed.notify_all();
    }

    /// What a thread does all its life.
    fn serve(&self) {
        let mut memory = BlockPool::default();
        while let Some(job) = self.next(&mut memory) {
            // The job answers by dropping its reply. Memory has no state that a panic could leave half-made.
            if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
                tracing::error!("a password computation panicked");
            }
            self.lock().running -= 1;
        }
    }

    /// The next job; none when the pool is gone.
    fn next(&self, memory: &mut BlockPool) -> Option<Box<dyn Job>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            while let Some(job) = state.waiting.pop_front() {
                if !job.is_abandoned() {
                    state.running += 1;
                    return Some(job);
                }
            }
            if memory.holds_blocks() {
                let wait = self.changed.wait_timeout(state, self.idle);
                let (guard, wait) = wait.unwrap_or_else(PoisonError::into_inner);
                state = guard;
                if wait.timed_out() && state.waiting.is_empty() {
                    drop(state);
                    memory.release();
                    state = self.lock();
                }
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn pool(queue: usize) -> HashPool {
        HashPool::start(NonZeroUsize::MIN, queue).unwrap()
    }

    /// Keeps the only thread of a pool busy until the sender is dropped.
    struct Blocker {
        release: Option<mpsc::Sender<()>>,
        blocked: tokio::task::JoinHandle<Result<(), HashError>>,
    }

    impl Blocker {
        async fn of(pool: &Arc<HashPool>) -> Self {
            let (release, released) = mpsc::channel::<()>();
            let (started, start) = oneshot::channel();
            let pool = Arc::clone(pool);
            let blocked = tokio::spawn(async move {
                pool.run(move |_| {
                    started.send(()).unwrap();
                    let _ = released.recv();
                })
                .await
            });
            start.await.unwrap();
            Self {
                release: Some(release),
                blocked,
            }
        }

        async fn release(mut self) {
            self.release.take();
            self.blocked.await.unwrap().unwrap();
        }
    }

    /// Asks a future for the first time, so that its job is in the queue.
    fn begin<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn re_8_a_full_queue_is_busy_at_once() {
        let pool = Arc::new(pool(2));
        let blocker = Blocker::of(&pool).await;
        let mut first = pin!(pool.run(|_| 1));
        let mut second = pin!(pool.run(|_| 2));
        assert!(begin(first.as_mut()).is_pending());
        assert!(begin(second.as_mut()).is_pending());
        assert!(matches!(pool.run(|_| 3).await, Err(HashError::Busy)));
        blocker.release().await;
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
        assert_eq!(pool.run(|_| 4).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn the_load_tells_who_waits_who_works_and_who_was_turned_away() {
        let pool = Arc::new(pool(1));
        let idle = HashLoad {
            capacity: 1,
            threads: 1,
            ..HashLoad::default()
        };
        assert_eq!(pool.load(), idle);
        let blocker = Blocker::of(&pool).await;
        let mut first = pin!(pool.run(|_| 1));
        assert!(begin(first.as_mut()).is_pending());
        for _ in 0..2 {
            assert!(matches!(pool.run(|_| 2).await, Err(HashError::Busy)));
        }
        let busy = HashLoad {
            waiting: 1,
            running: 1,
            shed: 2,
            ..idle
        };
        assert_eq!(pool.load(), busy);
        blocker.release().await;
        assert_eq!(first.await.unwrap(), 1);
        assert_eq!(pool.load().waiting, 0);
    }

    #[tokio::test]
    async fn an_abandoned_job_is_neither_run_nor_takes_a_place() {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::of(&pool).await;
        let (ran, runs) = mpsc::channel();
        {
            let mut abandoned = pin!(pool.run(move |_| ran.send(())));
            assert!(begin(abandoned.as_mut()).is_pending());
            assert!(matches!(pool.run(|_| ()).await, Err(HashError::Busy)));
        }
        let mut wanted = pin!(pool.run(|_| "wanted"));
        assert!(begin(wanted.as_mut()).is_pending());
        blocker.release().await;
        assert_eq!(wanted.await.unwrap(), "wanted");
        assert!(runs.recv().is_err());
    }

    #[tokio::test]
    async fn a_panicking_job_fails_alone() {
        let pool = pool(1);
        let failed: Result<(), _> = pool
            .run(|_| panic!("meant to be seen in the test's output"))
            .await;
        assert!(matches!(failed, Err(HashError::Failed(_))));
        assert_eq!(pool.run(|_| 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn threads_end_with_the_pool() {
        let pool = HashPool::start(NonZeroUsize::new(3).unwrap(), 1).unwrap();
        let queue = Arc::downgrade(&pool.queue);
        assert_eq!(pool.run(|_| 1).await.unwrap(), 1);
        drop(pool);
        assert!(queue.upgrade().is_none());
    }

    #[tokio::test]
    async fn an_idle_thread_gives_its_memory_back() {
        let pool = HashPool::with_idle(NonZeroUsize::MIN, 1, Duration::from_millis(1)).unwrap();
        assert!(pool.run(|memory| memory.blocks(8).is_some()).await.unwrap());
        while pool.run(|memory| memory.holds_blocks()).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
