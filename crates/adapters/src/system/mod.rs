//! What the operating system provides: time and chance, and what it tells of the process.

mod clock;
mod entropy;
mod process;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use process::ProcessUsage;
