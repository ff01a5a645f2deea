/* SPDX-License-Identifier: MIT */
/* A binding knows these types by itself. */
