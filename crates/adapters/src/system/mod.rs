//! What the operating system provides: time and chance.

mod clock;
mod entropy;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
