//! How memory is given back to the system.

/// From this size on, a piece of memory is given back as soon as it is free.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1024 * 1024;

/// Lets large pieces of memory go when they are free. By itself glibc raises the size that counts as large up to
/// 32 MiB as soon as something of that size was freed, so that after a few calls of 25 MiB, the largest that GitLab
/// sends, some hundred MiB would stay with the process. Source: mallopt(3), `M_MMAP_THRESHOLD`.
pub fn give_large_pieces_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(unsafe_code, reason = "sets a number of the allocator, before there are other threads")]
        // SAFETY: mallopt takes two integers and touches nothing but the allocator's settings.
        let taken = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
        if taken == 0 {
            tracing::debug!("the allocator keeps its own bounds");
        }
    }
}
