//! How text is drawn: source code with its classes, Markdown as harmless HTML. What is drawn is derived from what is
//! kept and never stored, so that a mend here mends what people see.

pub mod highlight;
pub mod markdown;
mod scopes;
