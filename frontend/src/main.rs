//! Starts the interface in the browser.

/// Half as large as the standard library's allocator, and as quick (TLSF: bounded time for every block).
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    leptos::mount::mount_to_body(frontend::app::start);
}
