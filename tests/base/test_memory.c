// SPDX-License-Identifier: Apache-2.0
// Pages, arenas and the count of allocations.
#include "support/test_main.h"

#include <string.h>

#include "base/arena.h"
#include "base/asan.h"
#include "base/error.h"
#include "base/memory.h"

static bool all_zero(const void *memory, size_t bytes)
{
    const unsigned char *b = memory;
    for (size_t i = 0; i < bytes; i++)
        if (b[i] != 0)
            return false;
    return true;
}

static void pages_are_zeroed_and_aligned_to_their_size(void **state)
{
    const size_t sizes[] = {0, 1, 63, 4096, GNDP_HUGE_FROM - 1, GNDP_HUGE_FROM, GNDP_HUGE_FROM + 1};
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        void *p = gndp_pages_alloc(sizes[k]);
        assert_non_null(p);
        const size_t unit = sizes[k] >= GNDP_HUGE_FROM ? GNDP_HUGE_PAGE : GNDP_ALIGN;
        assert_int_equal((uintptr_t)p % unit, 0);
        assert_true(all_zero(p, sizes[k]));
        memset(p, 0xff, sizes[k]);
        gndp_pages_free(p, sizes[k]);
    }
    gndp_pages_free(NULL, 5);
}

static void pages_refuse_impossible_sizes(void **state)
{
    (void)state;
    const uint64_t before = gndp_alloc_count();
    assert_null(gndp_pages_alloc(SIZE_MAX));
    assert_null(gndp_pages_alloc((size_t)PTRDIFF_MAX));
    assert_true(gndp_alloc_count() == before);
}

static void alloc_count_counts_every_thread(void **state)
{
    (void)state;
    const uint64_t before = gndp_alloc_count();
#pragma omp parallel for num_threads(2)
    for (int i = 0; i < 100; i++)
        gndp_pages_free(gndp_pages_alloc(100), 100);
    assert_int_equal(gndp_alloc_count() - before, 100);
}

static void arena_pieces_are_zeroed_aligned_and_apart(void **state)
{
    gndp_arena *arena = NULL;
    char *piece[300];
    size_t total = 0;
    (void)state;
    assert_int_equal(gndp_arena_create(4096, &arena), GNDP_OK);
    for (size_t i = 0; i < 300; i++) {
        const size_t bytes = i * 7 % 1500; /* some larger than a quarter of a block */
        piece[i] = gndp_arena_alloc(arena, bytes);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % 64, 0);
        assert_true(all_zero(piece[i], bytes));
        memset(piece[i], (int)(i % 255) + 1, bytes);
        total += bytes == 0 ? 64 : (bytes + 63) / 64 * 64;
    }
    assert_int_equal(gndp_arena_bytes(arena), total);
    for (size_t i = 0; i < 300; i++)
        for (size_t b = 0; b < i * 7 % 1500; b++)
            if ((unsigned char)piece[i][b] != i % 255 + 1)
                fail_msg("piece %zu was overwritten", i);
    gndp_arena_free(arena);
    gndp_arena_free(NULL);
}

static void arena_gives_pieces_larger_than_a_block(void **state)
{
    gndp_arena *arena = NULL;
    const size_t bytes = (size_t)5 << 20;
    (void)state;
    assert_int_equal(gndp_arena_create(4096, &arena), GNDP_OK);
    char *small = gndp_arena_alloc(arena, 10);
    char *large = gndp_arena_alloc(arena, bytes);
    char *next = gndp_arena_alloc(arena, 10);
    assert_non_null(large);
    assert_int_equal(next - small, 64); /* the block being filled stays in use */
    assert_true(all_zero(large, bytes));
    memset(large, 1, bytes);
    gndp_arena_free(arena);
}

static void arena_strdup_copies(void **state)
{
    gndp_arena *arena = NULL;
    char text[] = "field";
    (void)state;
    assert_int_equal(gndp_arena_create(0, &arena), GNDP_OK);
    char *copy = gndp_arena_strdup(arena, text);
    text[0] = 'y';
    assert_string_equal(copy, "field");
    assert_string_equal(gndp_arena_strdup(arena, ""), "");
    gndp_arena_free(arena);
}

static void arena_reset_reuses_blocks_and_zeroes_again(void **state)
{
    gndp_arena *arena = NULL;
    void *first = NULL;
    (void)state;
    assert_int_equal(gndp_arena_create(1024, &arena), GNDP_OK);
    for (int round = 0; round < 3; round++) {
        const uint64_t before = gndp_alloc_count();
        for (int i = 0; i < 50; i++) {
            void *p = gndp_arena_alloc(arena, 200);
            if (i == 0 && round == 0)
                first = p;
            if (i == 0)
                assert_ptr_equal(p, first);
            assert_true(all_zero(p, 200));
            memset(p, 0xee, 200);
        }
        if (round == 0)
            assert_true(gndp_alloc_count() > before);
        else
            assert_true(gndp_alloc_count() == before);
        gndp_arena_reset(arena);
        assert_int_equal(gndp_arena_bytes(arena), 0);
    }
    gndp_arena_free(arena);
}

static void arena_reports_bad_arguments(void **state)
{
    gndp_arena *arena = (gndp_arena *)1;
    (void)state;
    assert_int_equal(gndp_arena_create(64, NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_arena_create(SIZE_MAX, &arena), GNDP_ERR_RANGE);
    assert_null(arena);
    assert_int_equal(gndp_arena_create(1, &arena), GNDP_OK); /* raised to a size that works */
    assert_non_null(gndp_arena_alloc(arena, 1));
    assert_null(gndp_arena_alloc(arena, SIZE_MAX));
    gndp_arena_free(arena);
}

static void arena_poisons_what_was_not_given(void **state)
{
    (void)state;
#if GNDP_HAS_ASAN
    gndp_arena *arena = NULL;
    assert_int_equal(gndp_arena_create(4096, &arena), GNDP_OK);
    char *p = gndp_arena_alloc(arena, 10);
    assert_false(__asan_address_is_poisoned(p));
    assert_false(__asan_address_is_poisoned(p + 9));
    assert_true(__asan_address_is_poisoned(p + 10));
    assert_true(__asan_address_is_poisoned(p + 64));
    gndp_arena_reset(arena);
    assert_true(__asan_address_is_poisoned(p));
    gndp_arena_free(arena);
#else
    skip();
#endif
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pages_are_zeroed_and_aligned_to_their_size),
    cmocka_unit_test(pages_refuse_impossible_sizes),
    cmocka_unit_test(alloc_count_counts_every_thread),
    cmocka_unit_test(arena_pieces_are_zeroed_aligned_and_apart),
    cmocka_unit_test(arena_gives_pieces_larger_than_a_block),
    cmocka_unit_test(arena_strdup_copies),
    cmocka_unit_test(arena_reset_reuses_blocks_and_zeroes_again),
    cmocka_unit_test(arena_reports_bad_arguments),
    cmocka_unit_test(arena_poisons_what_was_not_given),
};

GNDP_TEST_MAIN(tests)
