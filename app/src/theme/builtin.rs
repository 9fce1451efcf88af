//! The schemes that come with the page. Greys are lighter or darker than upstream's where those can't be read
//! on their ground.

use std::borrow::Cow;

use super::scheme::{Colour, Kind, Scheme};

const fn scheme(
    (slug, name): (&'static str, &'static str),
    [background, foreground, cursor, selection]: [u32; 4],
    normal: [u32; 8],
    bright: [u32; 8],
) -> Scheme {
    let mut sixteen = [Colour::BLACK; 16];
    let mut at = 0;
    while at < 8 {
        sixteen[at] = Colour::hex(normal[at]);
        sixteen[at + 8] = Colour::hex(bright[at]);
        at += 1;
    }
    Scheme {
        slug: Cow::Borrowed(slug),
        name: Cow::Borrowed(name),
        background: Colour::hex(background),
        foreground: Colour::hex(foreground),
        cursor: Colour::hex(cursor),
        selection: Colour::hex(selection),
        sixteen,
    }
}

/// All of them, in the order shown; the page's own two first.
#[rustfmt::skip]
pub static ALL: [Scheme; 8] = [
    scheme(
        ("dark", "Dark"),
        [0x101318, 0xdbe0e8, 0x58cdb8, 0x2b4450],
        [0x353c48, 0xff7d83, 0x7fd992, 0xeabf5f, 0x7bb0ff, 0xd59cf6, 0x62d3cf, 0xc6ced9],
        [0x8b95a5, 0xffa2a6, 0xa6e9b3, 0xf6d98f, 0xa8caff, 0xe6c3fb, 0x97e7e3, 0xf4f6f9],
    ),
    scheme(
        ("light", "Light"),
        [0xfcfcfa, 0x22272e, 0x0b7565, 0xcfe3df],
        [0x22272e, 0xb3242d, 0x1b6e39, 0x7d5900, 0x1a5bb0, 0x8533a6, 0x006b75, 0x656d77],
        [0x57606b, 0xc42e37, 0x217a3d, 0x8a6200, 0x2468c4, 0x9840b9, 0x087782, 0x6b737d],
    ),
    scheme(
        ("dracula", "Dracula"),
        [0x282a36, 0xf8f8f2, 0xf8f8f2, 0x44475a],
        [0x21222c, 0xff5555, 0x50fa7b, 0xf1fa8c, 0xbd93f9, 0xff79c6, 0x8be9fd, 0xf8f8f2],
        [0x8793c4, 0xff6e6e, 0x69ff94, 0xffffa5, 0xd6acff, 0xff92df, 0xa4ffff, 0xffffff],
    ),
    scheme(
        ("solarized-dark", "Solarized Dark"),
        [0x002b36, 0x93a1a1, 0x93a1a1, 0x0d4a58],
        [0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5],
        [0x7f939b, 0xcb4b16, 0x8fa3a3, 0x93a1a1, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3],
    ),
    scheme(
        ("solarized-light", "Solarized Light"),
        [0xfdf6e3, 0x536870, 0x586e75, 0xeee8d5],
        [0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0x637075],
        [0x5e7279, 0xcb4b16, 0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x5b6e6e, 0x5a6b70],
    ),
    scheme(
        ("nord", "Nord"),
        [0x2e3440, 0xd8dee9, 0xeceff4, 0x434c5e],
        [0x3b4252, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x88c0d0, 0xe5e9f0],
        [0x94a0b6, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x8fbcbb, 0xeceff4],
    ),
    scheme(
        ("monokai", "Monokai"),
        [0x272822, 0xf8f8f2, 0xf8f8f0, 0x49483e],
        [0x272822, 0xf92672, 0xa6e22e, 0xe6db74, 0x66d9ef, 0xae81ff, 0xa1efe4, 0xf8f8f2],
        [0x959077, 0xf92672, 0xa6e22e, 0xf4bf75, 0x66d9ef, 0xae81ff, 0xa1efe4, 0xf9f8f5],
    ),
    scheme(
        ("github-dark", "GitHub Dark"),
        [0x0d1117, 0xc9d1d9, 0xe6edf3, 0x25384f],
        [0x484f58, 0xff7b72, 0x7ee787, 0xd29922, 0x79c0ff, 0xd2a8ff, 0xa5d6ff, 0xc9d1d9],
        [0x828b96, 0xffa198, 0x56d364, 0xe3b341, 0x79c0ff, 0xd2a8ff, 0x56d4dd, 0xffffff],
    ),
];

/// The scheme of that name.
pub fn of(slug: &str) -> Option<&'static Scheme> {
    ALL.iter().find(|scheme| scheme.slug == slug)
}

/// The one to begin with.
pub fn first(kind: Kind) -> &'static Scheme {
    match kind {
        Kind::Dark => &ALL[0],
        Kind::Light => &ALL[1],
    }
}
