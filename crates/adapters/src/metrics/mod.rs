//! What a server counts, as Prometheus reads it.
//!
//! While requests are answered, counting is an addition to a number that is there already: no lock, no allocation, no label made
//! of what a client sent. [`CATALOGUE`] declares every metric; `docs/reference/metrics.md` is made of it.

mod catalogue;
mod counts;
mod exposition;
mod histogram;
mod readings;
mod reference;
mod requests;
mod server_metrics;

pub use catalogue::{Alarm, CATALOGUE, Family, Kind, LabelName};
pub use exposition::CONTENT_TYPE;
pub use readings::{BreachChecks, Readings};
pub use reference::metrics_reference;
pub use requests::RequestMetrics;
pub use server_metrics::ServerMetrics;
