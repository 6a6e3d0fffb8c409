//! Doorward as a library: a server of your own, with the configuration of the binary and what your team adds.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use doorward::Doorward;
//!
//! doorward_domain::resource! { pub mod report = "report" { EXPORT = "export" } }
//!
//! #[actix_web::main]
//! async fn main() -> ExitCode {
//!     Doorward::from_env()
//!         .access(|policy| policy.declare(report::ALL.iter().cloned()).role("auditor", [report::EXPORT]))
//!         .run()
//!         .await
//! }
//! ```

mod arguments;
mod audit;
mod backup_report;
mod banner;
mod commands;
mod configuration;
mod doorward;
mod error;
mod logging;
mod secrets;
mod terminal;

pub use configuration::ConfigError;
pub use doorward::Doorward;
pub use error::Error;
