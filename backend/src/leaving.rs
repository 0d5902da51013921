//! How the process ends.

use std::io::Write as _;

/// Ends the process with this exit code, and without what C libraries do at its end: OpenSSL takes down its tables there
/// while a thread of the connection pool may still be on its way to PostgreSQL, which crashed now and then. All that is ours
/// has ended before. Source: _exit(2); OPENSSL_cleanup(3).
pub fn leave(code: u8) {
    // With standard output closed there is nobody to tell.
    let _closed = std::io::stdout().flush();
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the standard library has no way to end a process without these hooks")]
    // SAFETY: ends the process and returns never; nothing is buffered any more.
    unsafe {
        libc::_exit(i32::from(code))
    }
    #[cfg(not(unix))]
    std::process::exit(i32::from(code))
}
