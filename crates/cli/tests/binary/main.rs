//! The binary as a process: what an operator meets, and what a crash leaves behind.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod audit;
mod backup;
mod breach;
mod broken_output;
mod connections;
mod crash;
mod logs;
mod metrics;
mod operator;
mod rolling;
mod secrets;
mod stop;
mod support;
mod takeover;
