//! The program `approval-app`; everything is in the library.

fn main() {
    approval_app::memory::keep_little();
    approval_app::leaving::leave(approval_app::cli::run());
}
