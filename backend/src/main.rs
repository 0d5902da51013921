//! The program `approval-app`; everything is in the library.

fn main() -> std::process::ExitCode {
    approval_app::memory::keep_little();
    approval_app::cli::run()
}
