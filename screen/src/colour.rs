//! Colours as X11 writes them, and the 256 that every terminal has.

/// Parses `rgb:R/G/B` and `#RGB` in their widths. `None` for names, which the page doesn't know either.
pub(crate) fn parse(spec: &str) -> Option<u32> {
    let spec = spec.to_ascii_lowercase();
    if let Some(parts) = spec.strip_prefix("rgb:") {
        let mut parts = parts.split('/');
        let three = [parts.next()?, parts.next()?, parts.next()?];
        let len = three[0].len();
        if parts.next().is_some() || !(1..=4).contains(&len) || three.iter().any(|p| p.len() != len)
        {
            return None;
        }
        let most = (1_u64 << (4 * len)) - 1;
        let mut colour = 0;
        for part in three {
            let value = u64::from(hex(part)?);
            let scaled = (value * 255 * 2 + most) / (most * 2);
            colour = colour << 8 | scaled as u32;
        }
        return Some(colour);
    }
    let digits = spec.strip_prefix('#')?;
    if !digits.is_ascii() || !matches!(digits.len(), 3 | 6 | 9 | 12) {
        return None;
    }
    let len = digits.len() / 3;
    let mut colour = 0;
    for part in 0..3 {
        let value = hex(&digits[part * len..(part + 1) * len])?;
        let byte = match len {
            1 => value << 4,
            2 => value,
            3 => value >> 4,
            _ => value >> 8,
        };
        colour = colour << 8 | byte;
    }
    Some(colour)
}

fn hex(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// As answers to colour queries are written.
pub(crate) fn specification(colour: u32) -> String {
    let [_, red, green, blue] = colour.to_be_bytes();
    format!("rgb:{red:02x}{red:02x}/{green:02x}{green:02x}/{blue:02x}{blue:02x}")
}

/// The 16 colours of a theme that said none: xterm.js's own.
pub(crate) const SIXTEEN: [u32; 16] = [
    0x2e3436, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf, 0x555753,
    0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec,
];

/// A colour of the palette that the program did not set, in a theme with these 16.
pub(crate) fn indexed(index: u8, sixteen: &[u32; 16]) -> u32 {
    match index {
        0..16 => sixteen[usize::from(index)],
        16..232 => {
            let index = u32::from(index) - 16;
            let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
            level(index / 36) << 16 | level(index / 6 % 6) << 8 | level(index % 6)
        }
        _ => (u32::from(index) - 232) * 10 * 0x01_01_01 + 0x08_08_08,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_width() {
        assert_eq!(parse("rgb:f/8/0"), Some(0xff8800));
        assert_eq!(parse("rgb:FFFF/8080/0000"), Some(0xff8000));
        assert_eq!(parse("#f80"), Some(0xf08000));
        assert_eq!(parse("#ff8000"), Some(0xff8000));
        assert_eq!(parse("#ffff80000000"), Some(0xff8000));
        assert_eq!(parse("red"), None);
        assert_eq!(parse("rgb:1/22/3"), None);
        assert_eq!(parse("#+12"), None);
        let indexed = |index| indexed(index, &[7; 16]);
        assert_eq!(indexed(15), 7);
        assert_eq!(indexed(16), 0);
        assert_eq!(indexed(231), 0xff_ffff);
        assert_eq!(indexed(255), 0xee_eeee);
        assert_eq!(specification(0x12_34_56), "rgb:1212/3434/5656");
    }
}
