/** What the nightly batch job classifies, and the JSON that the scripted model answers; text that is not JSON is its mistake. */
export const reviews: { review: string; answer: string }[] = [
  {
    review: 'Third season with these boots and still dry feet. Worth every krone.',
    answer: '{"sentiment":"positive","topics":["durability","waterproofing"],"urgent":false}',
  },
  {
    review: 'Jacket arrived with somebody else’s used tissue in the pocket. Really?',
    answer: '{"sentiment":"negative","topics":["condition","hygiene"],"urgent":true}',
  },
  {
    review: 'Okay tent. Poles feel flimsy, colour is nicer than on the photo.',
    answer: '{"sentiment":"mixed","topics":["build quality","appearance"],"urgent":false}',
  },
  {
    review: 'The stove caught fire at the valve. Nobody was hurt, but please look into this!',
    answer: '{"sentiment":"negative","topics":["safety"],"urgent":true}',
  },
  {
    review: '👍👍👍',
    answer: '{"sentiment":"positive","topics":[],"urgent":false}',
  },
  {
    review: 'Größe L fällt wie M aus, Umtausch war aber unkompliziert.',
    answer: '{"sentiment":"mixed","topics":["sizing","returns"],"urgent":false}',
  },
  {
    review: 'asdkjh buy cheap watches at example dot com',
    answer: 'This does not look like a review, so I would rather not classify it.',
  },
  {
    review: 'Delivery took 16 days and support answered on day 15.',
    answer: '{"sentiment":"negative","topics":["delivery","support"],"urgent":false}',
  },
];
