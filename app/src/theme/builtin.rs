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
        [0x10_13_18, 0xdb_e0_e8, 0x58_cd_b8, 0x2b_44_50],
        [0x35_3c_48, 0xff_7d_83, 0x7f_d9_92, 0xea_bf_5f, 0x7b_b0_ff, 0xd5_9c_f6, 0x62_d3_cf, 0xc6_ce_d9],
        [0x8b_95_a5, 0xff_a2_a6, 0xa6_e9_b3, 0xf6_d9_8f, 0xa8_ca_ff, 0xe6_c3_fb, 0x97_e7_e3, 0xf4_f6_f9],
    ),
    scheme(
        ("light", "Light"),
        [0xfc_fc_fa, 0x22_27_2e, 0x0b_75_65, 0xcf_e3_df],
        [0x22_27_2e, 0xb3_24_2d, 0x1b_6e_39, 0x7d_59_00, 0x1a_5b_b0, 0x85_33_a6, 0x00_6b_75, 0x65_6d_77],
        [0x57_60_6b, 0xc4_2e_37, 0x21_7a_3d, 0x8a_62_00, 0x24_68_c4, 0x98_40_b9, 0x08_77_82, 0x6b_73_7d],
    ),
    scheme(
        ("dracula", "Dracula"),
        [0x28_2a_36, 0xf8_f8_f2, 0xf8_f8_f2, 0x44_47_5a],
        [0x21_22_2c, 0xff_55_55, 0x50_fa_7b, 0xf1_fa_8c, 0xbd_93_f9, 0xff_79_c6, 0x8b_e9_fd, 0xf8_f8_f2],
        [0x87_93_c4, 0xff_6e_6e, 0x69_ff_94, 0xff_ff_a5, 0xd6_ac_ff, 0xff_92_df, 0xa4_ff_ff, 0xff_ff_ff],
    ),
    scheme(
        ("solarized-dark", "Solarized Dark"),
        [0x00_2b_36, 0x93_a1_a1, 0x93_a1_a1, 0x0d_4a_58],
        [0x07_36_42, 0xdc_32_2f, 0x85_99_00, 0xb5_89_00, 0x26_8b_d2, 0xd3_36_82, 0x2a_a1_98, 0xee_e8_d5],
        [0x7f_93_9b, 0xcb_4b_16, 0x8f_a3_a3, 0x93_a1_a1, 0x83_94_96, 0x6c_71_c4, 0x93_a1_a1, 0xfd_f6_e3],
    ),
    scheme(
        ("solarized-light", "Solarized Light"),
        [0xfd_f6_e3, 0x53_68_70, 0x58_6e_75, 0xee_e8_d5],
        [0x07_36_42, 0xdc_32_2f, 0x85_99_00, 0xb5_89_00, 0x26_8b_d2, 0xd3_36_82, 0x2a_a1_98, 0x63_70_75],
        [0x5e_72_79, 0xcb_4b_16, 0x58_6e_75, 0x65_7b_83, 0x83_94_96, 0x6c_71_c4, 0x5b_6e_6e, 0x5a_6b_70],
    ),
    scheme(
        ("nord", "Nord"),
        [0x2e_34_40, 0xd8_de_e9, 0xec_ef_f4, 0x43_4c_5e],
        [0x3b_42_52, 0xbf_61_6a, 0xa3_be_8c, 0xeb_cb_8b, 0x81_a1_c1, 0xb4_8e_ad, 0x88_c0_d0, 0xe5_e9_f0],
        [0x94_a0_b6, 0xbf_61_6a, 0xa3_be_8c, 0xeb_cb_8b, 0x81_a1_c1, 0xb4_8e_ad, 0x8f_bc_bb, 0xec_ef_f4],
    ),
    scheme(
        ("monokai", "Monokai"),
        [0x27_28_22, 0xf8_f8_f2, 0xf8_f8_f0, 0x49_48_3e],
        [0x27_28_22, 0xf9_26_72, 0xa6_e2_2e, 0xe6_db_74, 0x66_d9_ef, 0xae_81_ff, 0xa1_ef_e4, 0xf8_f8_f2],
        [0x95_90_77, 0xf9_26_72, 0xa6_e2_2e, 0xf4_bf_75, 0x66_d9_ef, 0xae_81_ff, 0xa1_ef_e4, 0xf9_f8_f5],
    ),
    scheme(
        ("github-dark", "GitHub Dark"),
        [0x0d_11_17, 0xc9_d1_d9, 0xe6_ed_f3, 0x25_38_4f],
        [0x48_4f_58, 0xff_7b_72, 0x7e_e7_87, 0xd2_99_22, 0x79_c0_ff, 0xd2_a8_ff, 0xa5_d6_ff, 0xc9_d1_d9],
        [0x82_8b_96, 0xff_a1_98, 0x56_d3_64, 0xe3_b3_41, 0x79_c0_ff, 0xd2_a8_ff, 0x56_d4_dd, 0xff_ff_ff],
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
