use std::fs;

use rustix::process::{Resource, getrlimit};

/// What this process uses. Of what the operating system does not tell there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessUsage {
    /// Memory that is in use.
    pub resident_bytes: Option<u64>,
    /// Open files.
    pub open_files: Option<u64>,
    /// Most files that may be open.
    pub most_files: Option<u64>,
}

impl ProcessUsage {
    /// What it uses now. Everything but the limit is read from `/proc`, which only Linux has.
    #[must_use]
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").ok();
        let open = fs::read_dir("/proc/self/fd").ok();
        Self {
            resident_bytes: status.as_deref().and_then(resident_bytes),
            open_files: open.and_then(|files| u64::try_from(files.count()).ok()),
            most_files: getrlimit(Resource::Nofile).current,
        }
    }
}

/// The line is `VmRSS:      1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_in_use_is_read_from_the_status() {
        let status = "Name:\tdoorward\nVmPeak:\t  900 kB\nVmRSS:\t   17 kB\n";
        assert_eq!(resident_bytes(status), Some(17 * 1024));
        for other in ["", "VmRSS:\n", "VmRSS: many kB", "VmRSS: 17 MB"] {
            assert_eq!(resident_bytes(other), None, "{other}");
        }
    }
}
