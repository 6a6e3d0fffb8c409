//! Rate-limit declarations: how often one client may ask for what.

use std::time::Duration;

/// At most so many requests of one client in a window of time, to one path or to all that begin like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The path below the base path.
    pub path: &'static str,
    /// Whether longer paths that begin like it count, too.
    pub prefix: bool,
    /// Most requests in the window.
    pub max: u32,
    /// How long the window is.
    pub window: Duration,
}

impl RateLimit {
    /// A limit on one path.
    #[must_use]
    pub const fn path(path: &'static str, max: u32, window: Duration) -> Self {
        Self {
            path,
            prefix: false,
            max,
            window,
        }
    }

    /// A limit on all paths that begin like this; each is counted by itself.
    #[must_use]
    pub const fn prefix(path: &'static str, max: u32, window: Duration) -> Self {
        Self {
            prefix: true,
            ..Self::path(path, max, window)
        }
    }

    /// Whether it is about this path.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        if self.prefix {
            path.starts_with(self.path)
        } else {
            path == self.path
        }
    }
}
