//! doorward-adapters
