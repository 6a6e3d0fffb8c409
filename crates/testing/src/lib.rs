//! doorward-testing
