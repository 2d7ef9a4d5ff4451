//! `cargo xtask site`: the documentation as a site of plain files, built by mdBook from `docs` and the pages beside it.
//!
//! mdBook is a program of its own, below `target/tools`: no part of the product, and no part of what a change must pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::process::{self, cargo, succeeds};

const LIMIT: Duration = Duration::from_secs(30 * 60);
/// The version that the pages were looked at with.
const MDBOOK: &str = "0.5.4";

/// A heading, and the pages under it: path and title.
type Group = (&'static str, Vec<(String, String)>);

/// Pages of the first level, in the order of a reader; all else below `docs` follows by its folder.
const FIRST: [(&str, &str); 10] = [
    ("README.md", "Proofkey"),
    ("docs/configuration.md", "Configuration"),
    ("docs/commands.md", "Commands"),
    ("docs/limits.md", "Limits"),
    ("docs/errors.md", "Why requests are refused"),
    ("ARCHITECTURE.md", "Architecture"),
    ("CONTRIBUTING.md", "Contributing"),
    ("SECURITY.md", "Security"),
    ("CHANGELOG.md", "Changelog"),
    ("docs/requirements.md", "Requirements"),
];
/// Folders with a heading of their own.
const FOLDERS: [(&str, &str); 2] = [("docs/guides", "Guides"), ("docs/decisions", "Decisions")];

/// No preprocessor: one of them would give `README.md` another name than links have.
const BOOK: &str = "[book]\ntitle = \"Proofkey\"\nlanguage = \"en\"\nsrc = \"src\"\n\n[build]\nbuild-dir = \"html\"\ncreate-missing = false\n\
                    use-default-preprocessors = false\n\n[output.html]\nno-section-label = true\n";
/// Pages that mdBook makes beside those of the summary: the links of all in one are those of each, and 404 has none.
const NOT_WALKED: [&str; 3] = ["print.html", "404.html", "toc.html"];

/// Builds the site.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mdbook = mdbook(root)?;
    let folder = root.join("target/site");
    let source = folder.join("src");
    if source.exists() {
        fs::remove_dir_all(&source)?;
    }
    copy(&root.join("docs"), &source.join("docs"))?;
    let (first, behind) = (first(root), behind(root)?);
    for (path, _) in &first {
        fs::copy(root.join(path), source.join(path)).with_context(|| path.clone())?;
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root.join(file), source.join(file))?;
    }
    fs::write(source.join("SUMMARY.md"), summary(&first, &behind))?;
    fs::write(folder.join("book.toml"), BOOK)?;
    process::run(Command::new(mdbook).arg("build").arg(&folder), LIMIT)?;
    let (site, index) = (folder.join("html"), folder.join("html/index.html"));
    ensure!(index.exists(), "mdBook wrote no {}", index.display());
    let mut broken = Vec::new();
    check_links(&site, &mut broken)?;
    ensure!(broken.is_empty(), "links of the site that lead nowhere:\n{}", broken.join("\n"));
    println!("{}", index.display());
    Ok(())
}

/// Collects the links of the pages in a folder that name no file of the site. Those to other sites are not followed.
fn check_links(folder: &Path, broken: &mut Vec<String>) -> Result<()> {
    for name in names(folder)? {
        let path = folder.join(&name);
        if path.is_dir() {
            check_links(&path, broken)?;
        } else if name.ends_with(".html") && !NOT_WALKED.contains(&name.as_str()) {
            let page = fs::read_to_string(&path)?;
            let dead = links(&page).filter(|link| !leads_somewhere(folder, link));
            broken.extend(dead.map(|link| format!("{}: {link}", path.display())));
        }
    }
    Ok(())
}

/// What a page links to and shows. Quoted markup is escaped, so it is none of it.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let of = |mark: &'static str| page.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
    of("<a href=\"").chain(of("<img src=\""))
}

fn leads_somewhere(folder: &Path, link: &str) -> bool {
    let file = link.split('#').next().unwrap_or(link);
    link.contains("://") || link.starts_with("mailto:") || file.is_empty() || folder.join(file).exists()
}

/// The program, installed when it is missing.
fn mdbook(root: &Path) -> Result<PathBuf> {
    let tools = root.join("target/tools");
    let program = tools.join("bin/mdbook");
    if !succeeds(&program.to_string_lossy(), &["--version"]) {
        println!("mdBook {MDBOOK}: installing in {}", tools.display());
        let mut command = cargo();
        // It serves nothing and watches nothing here.
        command.args(["install", "--locked", "--no-default-features", "--features", "search"]);
        command.args(["--version", MDBOOK, "mdbook", "--root"]).arg(&tools);
        process::run(&mut command, LIMIT)?;
    }
    Ok(program)
}

/// The pages of the first level that are there.
fn first(root: &Path) -> Vec<(String, &'static str)> {
    let there = FIRST.iter().filter(|(path, _)| root.join(path).exists());
    there.map(|(path, title)| ((*path).to_owned(), *title)).collect()
}

/// The other pages: those of each folder under its heading, then those of `docs` itself.
fn behind(root: &Path) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for (folder, heading) in FOLDERS.into_iter().chain([("docs", "Measured and checked")]) {
        let mut pages = Vec::new();
        for name in names(&root.join(folder))? {
            let path = format!("{folder}/{name}");
            if path.ends_with(".md") && FIRST.iter().all(|(first, _)| *first != path) {
                let text = fs::read_to_string(root.join(&path))?;
                let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&name).to_owned();
                pages.push((path, title));
            }
        }
        groups.push((heading, pages));
    }
    Ok(groups)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn summary(first: &[(String, &str)], behind: &[Group]) -> String {
    let mut text = "# Summary\n\n".to_owned();
    for (path, title) in first {
        text.push_str(&format!("- [{title}]({path})\n"));
    }
    for (heading, pages) in behind {
        text.push_str(&format!("\n# {heading}\n\n"));
        for (path, title) in pages {
            text.push_str(&format!("- [{}]({path})\n", title.replace(['[', ']'], "")));
        }
    }
    text
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for name in names(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() { copy(&from, &to)? } else { fs::copy(&from, &to).map(drop)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_to_this_page_or_to_another_site() {
        let root = crate::root().unwrap();
        let page = "<a href=\"README.md#part\">1</a> <a href=\"#here\">2</a> <a href=\"https://id.example/x\">3</a> \
                    <a href=\"gone.html\">4</a> <img src=\"gone.png\"> &lt;a href=\"/quoted\"&gt;";
        let dead: Vec<_> = links(page).filter(|link| !leads_somewhere(&root, link)).collect();
        assert_eq!(dead, ["gone.html", "gone.png"]);
    }

    #[test]
    fn every_page_of_docs_is_in_the_summary_once() {
        let root = crate::root().unwrap();
        let text = summary(&first(&root), &behind(&root).unwrap());
        for folder in ["docs", "docs/guides", "docs/decisions"] {
            for name in names(&root.join(folder)).unwrap().iter().filter(|name| name.ends_with(".md")) {
                assert_eq!(text.matches(&format!("]({folder}/{name})")).count(), 1, "{folder}/{name}");
            }
        }
    }
}
