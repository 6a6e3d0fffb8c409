//! doorward-application
