(** * The table

    Main result: [table], the conjunction of the thirty theorems: ten classes
    (black-box, neural network, network trained by empirical risk minimisation, L-Lipschitz,
    piecewise affine, monotone, convex, affine with d >= 2, affine with d = 1, constant), three
    tasks each (exact, eps-approximate, side), in every dimension d.

    [statement t] stands for the statement of the theorem t (see [Family]): [Check table]
    prints it in full.

    Reference for the table: Geirhos, Zimmermann, Bilodeau, Brendel, Kim, "Don't
    trust your eyes: on the (un)reliability of feature visualizations", ICML 2024. *)

From Trompe Require Export Points Tasks Triples Randomised Networks Hats PiecewiseAffine
  BlackBox Erm Monotone Convex Affine Line Metrics Lipschitz Limits Further Wording Extended
  Levels LevelCells Near Cones Audit Circuit Family.

Theorem table :
  statement black_box_exact /\ statement black_box_approx /\ statement black_box_side /\
  statement neural_network_exact /\ statement neural_network_approx /\
  statement neural_network_side /\
  statement erm_exact /\ statement erm_approx /\ statement erm_side /\
  statement lipschitz_exact /\ statement lipschitz_approx /\ statement lipschitz_side /\
  statement piecewise_affine_exact /\ statement piecewise_affine_approx /\
  statement piecewise_affine_side /\
  statement monotone_exact /\ statement monotone_approx /\ statement monotone_side /\
  statement convex_exact /\ statement convex_approx /\ statement convex_side /\
  statement affine_exact /\ statement affine_approx /\ statement affine_side /\
  statement affine_1d_exact /\ statement affine_1d_approx /\ statement affine_1d_side /\
  statement constant_exact /\ statement constant_approx /\ statement constant_side.
Proof.
  exact (conj black_box_exact (conj black_box_approx (conj black_box_side
        (conj neural_network_exact (conj neural_network_approx (conj neural_network_side
        (conj erm_exact (conj erm_approx (conj erm_side
        (conj lipschitz_exact (conj lipschitz_approx (conj lipschitz_side
        (conj piecewise_affine_exact (conj piecewise_affine_approx (conj piecewise_affine_side
        (conj monotone_exact (conj monotone_approx (conj monotone_side
        (conj convex_exact (conj convex_approx (conj convex_side
        (conj affine_exact (conj affine_approx (conj affine_side
        (conj affine_1d_exact (conj affine_1d_approx (conj affine_1d_side
        (conj constant_exact (conj constant_approx constant_side
        ))))))))))))))))))))))))))))).
Qed.
