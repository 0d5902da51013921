//! What the system says about this process, under the names that all Prometheus clients use
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Fraction;

/// Registers what can be read; on systems without `/proc` that is nothing.
pub fn register(to: &mut Registry) {
    let Ok(process) = procfs::process::Process::myself() else { return };
    if let Ok(stat) = process.stat() {
        let per_second = procfs::ticks_per_second().max(1) as f64;
        let cpu = Counter::<f64, std::sync::atomic::AtomicU64>::default();
        cpu.inc_by((stat.utime + stat.stime) as f64 / per_second);
        to.register("process_cpu_seconds", "Processor time used", cpu);
        let resident = stat.rss.saturating_mul(procfs::page_size());
        whole(to, "process_resident_memory_bytes", "Memory in use", resident);
        if let Ok(booted) = procfs::boot_time_secs() {
            let started = Fraction::default();
            started.set(booted as f64 + stat.starttime as f64 / per_second);
            to.register("process_start_time_seconds", "When the process started", started);
        }
    }
    if let Ok(count) = process.fd_count() {
        whole(to, "process_open_fds", "Open files and sockets", count as u64);
    }
    if let Ok(limits) = process.limits()
        && let procfs::process::LimitValue::Value(most) = limits.max_open_files.soft_limit
    {
        whole(to, "process_max_fds", "How many files and sockets there may be", most);
    }
}

fn whole(to: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    to.register(name, help, gauge);
}
