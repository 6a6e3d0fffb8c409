/// How long the user chose to stay signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until idle for [`expires_in`](super::SessionPolicy::expires_in), across restarts of the browser.
    Remembered,
    /// Until the browser closes, and for a day at most.
    BrowserSession,
}
