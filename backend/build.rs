//! Points the embedding at the built browser application, or at a page that says how to build it.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let built = Path::new("../frontend/dist");
    println!("cargo::rerun-if-changed=../frontend/dist");
    println!("cargo::rerun-if-changed=../migrations");
    let folder = if built.join("index.html").is_file() {
        built.canonicalize()?
    } else {
        let out = std::env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("cargo sets OUT_DIR"))?;
        let placeholder = Path::new(&out).join("no-spa");
        std::fs::create_dir_all(&placeholder)?;
        std::fs::write(
            placeholder.join("index.html"),
            "<!doctype html><html lang=\"en\"><head><base href=\"/approval-apps/\"><title>Approval App</title></head>\
             <body><h1>The browser application is not built in</h1><p>Run <code>make build</code>.</p></body></html>\n",
        )?;
        println!(
            "cargo::warning=frontend/dist is missing: the binary serves the API only; `make build` builds both"
        );
        placeholder
    };
    println!("cargo::rustc-env=EMBEDDED_SPA={}", folder.display());
    Ok(())
}
