//! Points the embedding at the built browser application, or at a page that says how to build it; and packs relocations.

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
    if runs_packed() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    Ok(())
}

/// Whether programs run here whose relative relocations are packed: 1.2 MB less of file and memory. glibc 2.36 was the
/// first to understand them (<https://sourceware.org/glibc/wiki/Release/2.36>).
fn runs_packed() -> bool {
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    if of("CARGO_CFG_TARGET_ENV") != "gnu" || of("HOST") != of("TARGET") {
        return false;
    }
    let told = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).into_owned()).unwrap_or_default();
    let version: Vec<u32> =
        told.rsplit(' ').next().unwrap_or_default().trim().split('.').flat_map(str::parse).collect();
    version >= vec![2, 36]
}
