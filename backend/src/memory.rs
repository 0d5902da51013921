//! How memory is given back to the system.

/// From this size on, a piece of memory is given back as soon as it is free.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1024 * 1024;

/// Has the allocator keep no more than it needs.
///
/// Large pieces go when they are free: by itself glibc raises the size that counts as large up to 32 MiB as soon as
/// something of that size was freed, so that after a few calls of 25 MiB, the largest that GitLab sends, some hundred
/// MiB would stay with the process. And threads share as many arenas as there are processors, instead of eight times as
/// many: more cannot allocate at once. Source: mallopt(3), `M_MMAP_THRESHOLD` and `M_ARENA_MAX`.
pub fn keep_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let arenas = std::thread::available_parallelism().map_or(2, usize::from);
        #[expect(unsafe_code, reason = "sets numbers of the allocator, before there are other threads")]
        // SAFETY: mallopt takes two integers and touches nothing but the allocator's settings.
        let taken = unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE)
                & libc::mallopt(libc::M_ARENA_MAX, i32::try_from(arenas).unwrap_or(i32::MAX))
        };
        if taken == 0 {
            tracing::debug!("the allocator keeps its own bounds");
        }
    }
}
