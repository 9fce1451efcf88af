//! What the kernel says of this process, under the names that every Prometheus client uses. Read when somebody asks.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

type Seconds = Counter<f64, AtomicU64>;

/// The process's numbers as they were last read.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    cpu: Seconds,
    resident: Gauge,
    files: Gauge,
    files_max: Gauge,
    threads: Gauge,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        let all = registry.sub_registry_with_prefix("process");
        let what = "Processor time of the server's process";
        all.register("cpu_seconds", what, self.cpu.clone());
        let what = "Memory of the server's process that is not swapped out";
        all.register("resident_memory_bytes", what, self.resident.clone());
        all.register("open_fds", "Open files", self.files.clone());
        let what = "As many open files as there may be";
        all.register("max_fds", what, self.files_max.clone());
        all.register("threads", "Threads", self.threads.clone());
    }

    /// Reads them. What can't be read stays as it was.
    pub(super) fn read(&self) {
        if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
            self.files.set(whole(entries.count() as u64));
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            self.files_max.set(whole(most));
        }
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
        self.cpu.inner().store(cpu.to_bits(), Ordering::Relaxed);
        let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
            return;
        };
        if let Some(kib) = field(&status, "VmRSS:") {
            self.resident.set(whole(kib * 1024));
        }
        if let Some(threads) = field(&status, "Threads:") {
            self.threads.set(whole(threads));
        }
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_something_of_this_process() {
        let gauges = Gauges::default();
        gauges.read();
        assert!(gauges.resident.get() > 1024 * 1024);
        assert!(gauges.files.get() >= 3 && gauges.files_max.get() >= gauges.files.get());
        assert!(gauges.threads.get() >= 1 && gauges.cpu.get() > 0.0);
    }
}
