//! The page.

use actix_web::web;

/// Routes of the page.
pub(crate) fn routes(_config: &mut web::ServiceConfig) {}
