import { useTranslation } from 'react-i18next';

const hospitals = [24, 164, 304];

/** The only picture of the app: three hospitals keep sealed pages, the key stays with the person. */
export function Keyhole() {
  const { t } = useTranslation();
  return (
    <figure className="hero-fig wide sec">
      <svg className="fig" viewBox="0 0 420 230" role="img" aria-label={t('start.picture')}>
        <path
          className="fig-l"
          d="M70 78C70 140 150 150 186 158M210 78v58M350 78C350 140 270 150 234 158"
        />
        {hospitals.map((x) => (
          <g key={x} transform={`translate(${x} 14)`}>
            <rect className="fig-s" width="92" height="64" rx="10" />
            <rect className="fig-q" x="14" y="16" width="64" height="6" rx="3" />
            <rect className="fig-q" x="14" y="30" width="44" height="6" rx="3" />
            <circle className="fig-s" cx="72" cy="46" r="11" />
            <path className="fig-l" d="m67 46 3.500 3.500 6-6.500" />
          </g>
        ))}
        <g transform="translate(168 136) scale(2.625)">
          <circle className="fig-k" cx="16" cy="16" r="16" />
          <path
            className="fig-kc"
            d="M16 6.500a5 5 0 0 1 2.600 9.270L21.300 25.500H10.700l2.700-9.730A5 5 0 0 1 16 6.500z"
          />
        </g>
      </svg>
    </figure>
  );
}
