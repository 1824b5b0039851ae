import torch
from probeline.models.patches import cut, grid


def test_patches_are_cut_where_they_are_asked_for():
    images = torch.rand(2, 3, 6, 7)
    top, left = torch.tensor([[0, 3], [1, 2]]), torch.tensor([[4, 0], [1, 3]])
    found = cut(images, top, left, 3).unflatten(0, (2, 2))  # [V, B, ...]
    for image in range(2):
        for view in range(2):
            row, column = top[image, view], left[image, view]
            assert torch.equal(found[view, image], images[image, :, row : row + 3, column : column + 3])


def test_the_grid_goes_row_by_row_with_all_images_at_each_place():
    images = torch.rand(2, 3, 8, 6)
    found = grid(images, 4, 2).unflatten(0, (3, 2, 2))
    for row in range(3):
        for column in range(2):
            expected = images[:, :, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
            assert torch.equal(found[row, column], expected)
