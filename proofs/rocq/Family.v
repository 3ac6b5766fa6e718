(** * The table as a family: what is shown may be less

    Main result: [levels], the conjunction of the twenty-eight theorems on the rows whose cells
    are not all No, for [near] and for the levels maximum, images and argmax. At these levels every
    other cell of the table is the No that it is at the extremes ([near_no], [no_inherited]).

    [statement t] stands for the statement of the theorem t, so that nothing is said twice:
    [Check levels] prints it in full. *)

From Trompe Require Export Tasks Line Lipschitz Levels LevelCells Near.

Notation statement t := ltac:(let T := type of t in exact T) (only parsing).

Theorem levels :
  statement lipschitz_side_near /\ statement affine_1d_exact_near /\
  statement affine_1d_approx_near /\ statement affine_1d_side_near /\
  statement constant_exact_near /\ statement constant_approx_near /\
  statement constant_side_near /\
  statement lipschitz_side_maximum /\ statement affine_1d_exact_maximum /\
  statement affine_1d_approx_maximum /\ statement affine_1d_side_maximum /\
  statement constant_exact_maximum /\ statement constant_approx_maximum /\
  statement constant_side_maximum /\
  statement lipschitz_side_images /\ statement affine_1d_exact_images /\
  statement affine_1d_approx_images /\ statement affine_1d_side_images /\
  statement constant_exact_images /\ statement constant_approx_images /\
  statement constant_side_images /\
  statement lipschitz_side_argmax /\ statement affine_1d_exact_argmax /\
  statement affine_1d_approx_argmax /\ statement affine_1d_side_argmax /\
  statement constant_exact_argmax /\ statement constant_approx_argmax /\
  statement constant_side_argmax.
Proof.
  exact (conj lipschitz_side_near (conj affine_1d_exact_near (conj affine_1d_approx_near
        (conj affine_1d_side_near (conj constant_exact_near (conj constant_approx_near
        (conj constant_side_near
        (conj lipschitz_side_maximum (conj affine_1d_exact_maximum
        (conj affine_1d_approx_maximum (conj affine_1d_side_maximum (conj constant_exact_maximum
        (conj constant_approx_maximum (conj constant_side_maximum
        (conj lipschitz_side_images (conj affine_1d_exact_images (conj affine_1d_approx_images
        (conj affine_1d_side_images (conj constant_exact_images (conj constant_approx_images
        (conj constant_side_images
        (conj lipschitz_side_argmax (conj affine_1d_exact_argmax (conj affine_1d_approx_argmax
        (conj affine_1d_side_argmax (conj constant_exact_argmax
        (conj constant_approx_argmax constant_side_argmax
        ))))))))))))))))))))))))))).
Qed.
