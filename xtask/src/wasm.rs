//! The page's two programs as files for a browser: compiled, the page cut into what it begins with and chunks that it
//! fetches later, bound to JavaScript, and made small. Must not know what else the page is made of.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Root, timed};
use crate::web::Effort;

/// What WASM may use beyond its first version. One by one: "all" makes modules that browsers refuse.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-call-indirect-overlong",
];

/// Puts `page.js`, `link-worker.js`, their modules and the page's chunks into a folder.
pub(crate) fn build(root: &Root, effort: Effort, dist: &Path) -> Result<()> {
    let profile = effort.profile();
    let target = "wasm32-unknown-unknown";
    let arguments = ["--target", target, "--profile", profile];
    timed("compiling the page and its worker", || {
        let build = ["build", "--quiet", "--locked", "-p", "bowline-frontend"];
        let remap = match effort {
            Effort::Quick => String::new(),
            Effort::Full => short_paths()?,
        };
        let flags = format!("target.{target}.rustflags=[{remap}]");
        let flags = ["--config", &flags];
        root.command("cargo", &[&build[..], &arguments, &flags].concat())
            .run()
    })?;
    let folder = match effort {
        Effort::Quick => "debug",
        Effort::Full => profile,
    };
    let compiled = root.target().join(target).join(folder);
    let work = root.target().join("page");
    std::fs::create_dir_all(&work)?;

    let chunks = split(&compiled.join("page.wasm"), &work, dist)?;
    bind(&work.join("page.wasm"), dist)?;
    bind(&compiled.join("link-worker.wasm"), dist)?;
    if effort == Effort::Full {
        let modules = ["page_bg.wasm", "link-worker_bg.wasm"];
        let modules = modules.map(str::to_owned).into_iter().chain(chunks);
        timed("optimising the page's code", || {
            modules
                .map(|module| dist.join(module))
                .try_for_each(|module| optimise(root, &module))
        })?;
    }
    Ok(())
}

/// Flags by which the messages of panics name a library's files by its name and version: where this machine keeps
/// libraries is nobody's business, and a browser would fetch it some sixty times.
fn short_paths() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home.context("no home folder")?.join("registry/src");
    let mut flags = Vec::new();
    for registry in std::fs::read_dir(&sources).with_context(|| sources.display().to_string())? {
        let from = registry?.path();
        flags.push(format!("'--remap-path-prefix={}/='", from.display()));
    }
    Ok(flags.join(","))
}

/// Cuts what is only reached through functions marked for it out of a module, and writes the rest to a work folder;
/// gives the names of the chunks in `dist`.
fn split(module: &Path, work: &Path, dist: &Path) -> Result<Vec<String>> {
    let whole = std::fs::read(module).with_context(|| module.display().to_string())?;
    let rest = work.join("page.wasm");
    let mut options = wasm_split_cli_support::Options::new(&whole);
    options.output_dir = dist;
    options.main_out_path = &rest;
    options.main_module = "./page.js";
    options.link_name = "./page-chunks.js";
    let split = wasm_split_cli_support::transform(options);
    let split = split.map_err(|error| anyhow!("the page can't be split: {error:?}"))?;
    let names = split.split_modules.iter().filter_map(|path| {
        let name = path.file_name()?;
        Some(name.to_string_lossy().into_owned())
    });
    Ok(names.collect())
}

/// Writes the JavaScript that a module needs, and the module as it needs it.
fn bind(module: &Path, dist: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .web(true)?
        .typescript(false)
        // A chunk is linked with the page's memory and table by their linker's names.
        .keep_lld_exports(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.generate(dist)
}

/// Makes a module smaller, in its place.
fn optimise(root: &Root, module: &Path) -> Result<()> {
    let path = module.to_string_lossy();
    let arguments = [&FEATURES[..], &["-Oz", &path, "-o", &path]].concat();
    root.command("wasm-opt", &arguments).run()
}
