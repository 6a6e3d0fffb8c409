//! The binary as a process: what an operator meets, and what a crash leaves behind.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod audit;
mod broken_output;
mod crash;
mod logs;
mod operator;
mod stop;
mod support;
mod takeover;
