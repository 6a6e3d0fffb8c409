//! How long a client is waited for (RE-13).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take to send the head of a request.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without requests is kept.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client may take nothing of an answer.
const TAKING_TIMEOUT: Duration = Duration::from_secs(30);

/// What a client is waited for on one connection.
///
/// actix-http has a limit for the first head, and one for connections on which nothing comes. It has none for later heads, for the
/// rest of a body that was not read, and for answers that are not taken.
#[derive(Default)]
pub(super) struct Patience {
    /// After how many exchanges the next one is waited for; none while one goes on.
    turn: Option<u32>,
    /// Whether something of the next head, or the rest of a body, has come.
    has_begun: bool,
    /// Until when the head has to be there.
    reading: Option<Instant>,
    /// Until when something of an answer has to be taken.
    writing: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Whose fault it is that a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// No request came in time.
    Silent,
    /// The answer was not taken in time.
    NotTaking,
}

impl Patience {
    /// What is over by now, whatever comes.
    pub(super) fn is_over(&mut self, turn: Option<u32>) -> Option<Over> {
        self.follow(turn);
        let (deadline, over) = self.next()?;
        (deadline <= Instant::now()).then_some(over)
    }

    /// Something came, after so many exchanges; none if one is going on.
    pub(super) fn has_read(&mut self, turn: Option<u32>) {
        self.follow(turn);
        // The service looks after the first head itself: it answers 408.
        if turn.is_some_and(|turn| turn > 0) && !self.has_begun {
            self.has_begun = true;
            self.reading = Some(Instant::now() + HEAD_TIMEOUT);
        }
    }

    /// Nothing comes. Ready when that was too long.
    pub(super) fn poll_reading(&mut self, turn: Option<u32>, context: &mut Context<'_>) -> Poll<Over> {
        self.follow(turn);
        if turn.is_some_and(|turn| turn > 0) {
            self.reading.get_or_insert_with(|| Instant::now() + KEEP_ALIVE);
        }
        self.poll(context)
    }

    /// Something of an answer was taken.
    pub(super) fn has_written(&mut self) {
        self.writing = None;
        if !self.has_begun {
            self.reading = None;
        }
    }

    /// Nothing of an answer is taken. Ready when that was too long.
    pub(super) fn poll_writing(&mut self, context: &mut Context<'_>) -> Poll<Over> {
        self.writing
            .get_or_insert_with(|| Instant::now() + TAKING_TIMEOUT);
        self.poll(context)
    }

    fn follow(&mut self, turn: Option<u32>) {
        if self.turn != turn {
            self.turn = turn;
            self.has_begun = false;
            self.reading = None;
        }
    }

    /// Who has not taken an answer yet is not expected to ask.
    fn next(&self) -> Option<(Instant, Over)> {
        let writing = self.writing.map(|deadline| (deadline, Over::NotTaking));
        writing.or_else(|| Some((self.reading?, Over::Silent)))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Over> {
        let Some((deadline, over)) = self.next() else {
            return Poll::Pending;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(context).map(|()| over)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn waited(patience: &mut Patience, turn: u32) -> (Duration, Over) {
        let begin = Instant::now();
        let over = poll_fn(|context| patience.poll_reading(Some(turn), context)).await;
        assert_eq!(patience.is_over(Some(turn)), Some(over));
        (begin.elapsed(), over)
    }

    #[tokio::test(start_paused = true)]
    async fn re_13_a_later_head_has_its_time_and_bytes_of_it_give_no_more() {
        let mut patience = Patience::default();
        assert_eq!(waited(&mut patience, 1).await, (KEEP_ALIVE, Over::Silent));
        patience.has_read(Some(2));
        tokio::time::sleep(HEAD_TIMEOUT / 2).await;
        patience.has_read(Some(2));
        assert_eq!(patience.is_over(Some(2)), None);
        assert_eq!(waited(&mut patience, 2).await, (HEAD_TIMEOUT / 2, Over::Silent));
        assert_eq!(waited(&mut patience, 3).await, (KEEP_ALIVE, Over::Silent));
    }

    #[tokio::test(start_paused = true)]
    async fn re_13_requests_and_the_first_head_have_limits_elsewhere() {
        let mut patience = Patience::default();
        let mut context = Context::from_waker(futures_util::task::noop_waker_ref());
        for turn in [Some(0), None] {
            patience.has_read(turn);
            assert!(patience.poll_reading(turn, &mut context).is_pending());
            tokio::time::sleep(2 * KEEP_ALIVE).await;
            assert_eq!(patience.is_over(turn), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn re_13_an_answer_has_to_be_taken_and_each_piece_gives_time_for_the_next() {
        let mut patience = Patience::default();
        let mut context = Context::from_waker(futures_util::task::noop_waker_ref());
        assert!(patience.poll_writing(&mut context).is_pending());
        tokio::time::sleep(TAKING_TIMEOUT / 2).await;
        patience.has_written();
        let (waited, over) = waited_writing(&mut patience).await;
        assert_eq!((waited, over), (TAKING_TIMEOUT, Over::NotTaking));
    }

    async fn waited_writing(patience: &mut Patience) -> (Duration, Over) {
        let begin = Instant::now();
        let over = poll_fn(|context| patience.poll_writing(context)).await;
        (begin.elapsed(), over)
    }
}
