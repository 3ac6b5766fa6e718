(** * What is shown: less than both extremes with their values

    Definitions:
    - [level]: [Extremes] (the table's: both sets and both values), [Maximum] (the argmax set
      and the maximum), [Images] (both sets, no value), [Argmax] (the argmax set alone).
      [finer l l'] says that l shows all that l' does.
    - [alike l d V V']: the two visualizations agree in what the level shows.
    - [decidable_at l T C d V x], [undecidable_at l T C d V x]: as [decidable] and [undecidable],
      but for all members whose visualization is alike V. Each member is judged on its own
      range and midrange ([apart_own] for two of them, in Tasks.v), and a decoder has to give one answer to
      visualizations that are alike.
    - [shown_at l]: what a decoder is handed at the level, one minimiser or maximiser of each
      set shown; [shows]: it is that of V; [decodes_at]: one decoder is right for the whole
      class.
    - [shifted], [shrunk]: f + c, and f pulled towards its maximum.

    Main results: [no_from_finer] (a No at one visualization with values is a No at every level
    that cannot tell it from V), [no_inherited], [coarser] (a No passes down to coarser levels),
    [yes_inherited] (a Yes passes up to finer ones), [extremes_agree] ([Extremes] is the table);
    [shift_no] (closed under f + c: without values no number is known, at any x),
    [shrink_no] (closed under pulling towards the maximum: the maximum alone fixes no number
    farther than eps from it).

    Reference for the setting: Geirhos et al., ICML 2024. The levels are this project's own. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks.
Open Scope R_scope.

(** ** Levels *)

Inductive level := Extremes | Maximum | Images | Argmax.

Definition finer (l l' : level) : Prop :=
  match l, l' with
  | Extremes, _ | _, Argmax | Maximum, Maximum | Images, Images => True
  | _, _ => False
  end.

Definition same_set (d : nat) (P Q : point -> Prop) : Prop := forall z, cube d z -> (P z <-> Q z).

Definition alike (l : level) (d : nat) (V V' : vis) : Prop :=
  match l with
  | Extremes => same_set d (argmin V) (argmin V') /\ same_set d (argmax V) (argmax V') /\
                vmin V = vmin V' /\ vmax V = vmax V'
  | Maximum => same_set d (argmax V) (argmax V') /\ vmax V = vmax V'
  | Images => same_set d (argmin V) (argmin V') /\ same_set d (argmax V) (argmax V')
  | Argmax => same_set d (argmax V) (argmax V')
  end.

Definition decidable_at (l : level) (T : task) (C : class) (d : nat) (V : vis) (x : point) : Prop :=
  exists t : answer T,
    forall f V', C f -> represents d V' f -> alike l d V V' -> correct T V' (f x) t.

Definition undecidable_at (l : level) (T : task) (C : class) (d : nat) (V : vis) (x : point)
    : Prop :=
  (exists f g Vf Vg, C f /\ C g /\ represents d Vf f /\ represents d Vg g /\
     alike l d V Vf /\ alike l d V Vg /\ apart_own T Vf Vg (f x) (g x)) /\
  (forall D : decoder T, (forall V', alike l d V V' -> D V' x = D V x) ->
     exists f V', C f /\ represents d V' f /\ alike l d V V' /\ ~ correct T V' (f x) (D V' x)).

(** ** Fooling pairs *)

Lemma pair_defeats_at l T (C : class) d V x f g Vf Vg :
  C f -> C g -> represents d Vf f -> represents d Vg g -> alike l d V Vf -> alike l d V Vg ->
  apart_own T Vf Vg (f x) (g x) -> undecidable_at l T C d V x.
Proof.
  intros Cf Cg Rf Rg Af Ag A; split; [exists f, g, Vf, Vg; auto 7|].
  intros D HD; destruct (correct_dec T Vf (f x) (D Vf x)) as [Hf | Hf];
    [exists g, Vg | exists f, Vf; auto].
  do 3 (split; [assumption|]); rewrite (HD Vf Af) in Hf; rewrite (HD Vg Ag).
  intros Hg; exact (apart_own_no_answer T Vf Vg _ _ _ A Hf Hg).
Qed.

Lemma decidable_not_undecidable_at l T (C : class) d V x :
  decidable_at l T C d V x -> ~ undecidable_at l T C d V x.
Proof.
  intros (t & H) ((f & g & Vf & Vg & Cf & Cg & Rf & Rg & Af & Ag & A) & _).
  exact (apart_own_no_answer T Vf Vg _ _ t A (H f Vf Cf Rf Af) (H g Vg Cg Rg Ag)).
Qed.

(** ** From level to level *)

Lemma alike_refl l d V : alike l d V V.
Proof. destruct l; unfold alike, same_set; repeat split; auto. Qed.

Lemma alike_finer l l' d V V' : finer l l' -> alike l d V V' -> alike l' d V V'.
Proof. destruct l, l'; simpl; tauto. Qed.

Theorem no_from_finer l T (C : class) d V V' x :
  alike l d V V' -> undecidable T C d V' x -> undecidable_at l T C d V x.
Proof.
  intros A ((f & g & Cf & Cg & Rf & Rg & P) & _).
  apply (pair_defeats_at l T C d V x f g V' V'); auto using apart_is_own.
Qed.

Corollary no_inherited l T (C : class) d V x :
  undecidable T C d V x -> undecidable_at l T C d V x.
Proof. apply no_from_finer, alike_refl. Qed.

Theorem coarser l l' T (C : class) d V x :
  finer l l' -> undecidable_at l T C d V x -> undecidable_at l' T C d V x.
Proof.
  intros K ((f & g & Vf & Vg & Cf & Cg & Rf & Rg & Af & Ag & A) & _).
  apply (pair_defeats_at l' T C d V x f g Vf Vg); eauto using alike_finer.
Qed.

Theorem yes_inherited l l' T (C : class) d V x :
  finer l l' -> decidable_at l' T C d V x -> decidable_at l T C d V x.
Proof. intros K (t & H); exists t; eauto using alike_finer. Qed.

Lemma alike_represents d V V' f : alike Extremes d V V' -> represents d V' f -> represents d V f.
Proof.
  intros (S & S' & E & E') (B & Hm & HM & (a & Ca & Aa) & (b & Cb & Ab)).
  unfold represents; rewrite E, E'; split; [exact B|]; repeat split; intros.
  - apply Hm, S; assumption.
  - apply S, Hm; assumption.
  - apply HM, S'; assumption.
  - apply S', HM; assumption.
  - exists a; split; [exact Ca | apply S; assumption].
  - exists b; split; [exact Cb | apply S'; assumption].
Qed.

Theorem extremes_agree T (C : class) d V x :
  (undecidable_at Extremes T C d V x <-> undecidable T C d V x) /\
  (decidable_at Extremes T C d V x <-> decidable T C d V x).
Proof.
  split; split.
  - intros ((f & g & Vf & Vg & Cf & Cg & Rf & Rg & Af & Ag & A) & _).
    apply (fooling_pair_defeats T V d x C f g); eauto using alike_represents.
    destruct Af as (_ & _ & E & E'), Ag as (_ & _ & e & e').
    destruct T; simpl in *; unfold range, mid in *; rewrite <- ?E, <- ?E', <- ?e, <- ?e' in A; lra.
  - apply no_inherited.
  - intros (t & H); exists t; intros f Cf Rf; exact (H f V Cf Rf (alike_refl Extremes d V)).
  - intros (t & H); exists t; intros f V' Cf Rf A.
    specialize (H f Cf (alike_represents d V V' f A Rf)); destruct A as (_ & _ & E & E').
    destruct T; simpl in *; unfold range, mid in *; rewrite <- ?E, <- ?E'; exact H.
Qed.

(** ** Decoders see what the level shows *)

Definition shown_at (l : level) : Type :=
  match l with
  | Extremes => point * point * R * R
  | Maximum => point * R
  | Images => point * point
  | Argmax => point
  end.

Definition shows (l : level) (d : nat) (V : vis) : shown_at l -> Prop :=
  match l with
  | Extremes => fun s => let '(a, b, m, M) := s in
      (cube d a /\ argmin V a) /\ (cube d b /\ argmax V b) /\ m = vmin V /\ M = vmax V
  | Maximum => fun s => let '(b, M) := s in (cube d b /\ argmax V b) /\ M = vmax V
  | Images => fun s => let '(a, b) := s in (cube d a /\ argmin V a) /\ (cube d b /\ argmax V b)
  | Argmax => fun b => cube d b /\ argmax V b
  end.

Definition decodes_at (l : level) (T : task) (C : class) (d : nat)
    (D : shown_at l -> point -> answer T) : Prop :=
  forall f V s x, C f -> represents d V f -> shows l d V s -> cube d x -> correct T V (f x) (D s x).

Lemma shows_alike l d V V' s : alike l d V V' -> shows l d V s -> shows l d V' s.
Proof.
  destruct l; simpl; unfold same_set; intros A;
    [destruct s as [[[a b] m] M] | destruct s as [b M] | destruct s as [a b] | rename s into b];
    decompose [and] A; intros S; decompose [and] S; repeat split; auto; try congruence;
    match goal with H : _ |- _ => apply H; assumption end.
Qed.

Theorem decodes_at_decidable l T (C : class) d D V s x :
  decodes_at l T C d D -> shows l d V s -> cube d x -> decidable_at l T C d V x.
Proof. intros H S Cx; exists (D s x); intros f V' Cf Rf A; eauto using shows_alike. Qed.

(** An exact decoder serves approx; a decoder that asks for less serves the finer levels. *)
Lemma exact_approx_at l C d D eps :
  0 <= eps -> decodes_at l exact C d D -> decodes_at l (approx eps) C d D.
Proof.
  intros He H f V s x Cf Rf S Cx; simpl.
  rewrite (H f V s x Cf Rf S Cx), Rminus_diag_eq, Rabs_R0 by reflexivity.
  destruct Rf as (B & _); specialize (B x Cx); unfold range; nra.
Qed.

Lemma decodes_finer l l' T C d (k : shown_at l -> shown_at l') D :
  (forall V s, shows l d V s -> shows l' d V (k s)) ->
  decodes_at l' T C d D -> decodes_at l T C d (fun s => D (k s)).
Proof. intros K H f V s x Cf Rf S Cx; apply H; auto. Qed.

(** ** Shifting: no value is shown *)

Definition shifted (c : R) (f : fn) : fn := fun z => f z + c.

Lemma range_nonneg d V f : represents d V f -> 0 <= range V.
Proof. intros (B & _); specialize (B zeros (cube_zeros d)); unfold range; lra. Qed.

Lemma shifted_represents d V f c :
  represents d V f ->
  represents d (Vis (argmin V) (argmax V) (vmin V + c) (vmax V + c)) (shifted c f).
Proof.
  intros (B & Hm & HM & X & Y); unfold shifted; split; [|split; [|split; [|split; assumption]]];
    simpl.
  - intros z Cz; specialize (B z Cz); lra.
  - intros z Cz; rewrite (Hm z Cz); split; intros; lra.
  - intros z Cz; rewrite (HM z Cz); split; intros; lra.
Qed.

Theorem shift_no l (C : class) d V f x :
  finer Images l -> (forall g c, C g -> C (shifted c g)) -> C f -> represents d V f ->
  undecidable_at l exact C d V x /\
  forall eps, 0 <= eps -> undecidable_at l (approx eps) C d V x.
Proof.
  intros F K Cf Rf; pose proof (range_nonneg d V f Rf) as B.
  assert (P : forall T c, apart_own T (Vis (argmin V) (argmax V) (vmin V + c) (vmax V + c)) V
                            (shifted c f x) (f x) -> undecidable_at l T C d V x).
  { intros T c A; apply coarser with Images; [exact F|].
    apply (pair_defeats_at _ _ _ _ _ _ _ _ _ _ (K f c Cf) Cf (shifted_represents d V f c Rf) Rf);
      auto using alike_refl.
    split; intros z _; tauto. }
  split; [apply (P exact 1); simpl; unfold shifted; lra|]; intros eps He.
  apply (P (approx eps) (1 + 2 * eps * range V)); simpl; unfold shifted, range in *; simpl.
  rewrite Rabs_right; nra.
Qed.

(** ** Shrinking: the minimum is not shown *)

Definition shrunk (lam M : R) (f : fn) : fn := fun z => M - lam * (M - f z).

Lemma shrunk_represents d V f lam :
  0 < lam -> represents d V f ->
  represents d (Vis (argmin V) (argmax V) (vmax V - lam * range V) (vmax V))
    (shrunk lam (vmax V) f).
Proof.
  intros Hl (B & Hm & HM & X & Y); unfold shrunk, range;
    split; [|split; [|split; [|split; assumption]]]; simpl.
  - intros z Cz; specialize (B z Cz); nra.
  - intros z Cz; rewrite (Hm z Cz); split; intros; nra.
  - intros z Cz; rewrite (HM z Cz); split; intros; nra.
Qed.

Theorem shrink_no (C : class) d V f x :
  (forall g M lam, C g -> 0 < lam <= 1 -> C (shrunk lam M g)) -> C f -> represents d V f ->
  (f x < vmax V -> undecidable_at Maximum exact C d V x) /\
  (forall eps, 0 <= eps -> vmax V - f x > eps * range V ->
     undecidable_at Maximum (approx eps) C d V x).
Proof.
  intros K Cf Rf; pose proof (range_nonneg d V f Rf) as B.
  assert (P : forall T lam, 0 < lam <= 1 ->
     apart_own T (Vis (argmin V) (argmax V) (vmax V - lam * range V) (vmax V)) V
       (shrunk lam (vmax V) f x) (f x) -> undecidable_at Maximum T C d V x).
  { intros T lam Hl A.
    apply (pair_defeats_at _ _ _ _ _ _ _ _ _ _ (K f _ lam Cf Hl) Cf
             (shrunk_represents d V f lam (proj1 Hl) Rf) Rf); auto using alike_refl.
    split; [intros z _; tauto | reflexivity]. }
  split; [intros H; apply (P exact (1 / 2)); [lra | simpl; unfold shrunk; lra]|].
  intros eps He H; set (g := vmax V - f x) in *; assert (0 <= eps * range V) by nra.
  set (lam := (g - eps * range V) / (2 * (g + eps * range V))).
  assert (E : lam * (2 * (g + eps * range V)) = g - eps * range V) by (unfold lam; field; lra).
  assert (0 < lam <= 1) by (split; nra).
  apply (P (approx eps) lam); [assumption|]; simpl.
  replace (range (Vis _ _ _ _)) with (lam * range V) by (unfold range; simpl; ring).
  replace (shrunk lam (vmax V) f x - f x) with ((1 - lam) * g) by (unfold shrunk, g; ring).
  rewrite Rabs_right; nra.
Qed.
